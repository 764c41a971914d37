#include "redis/pending_queue.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace wx::redis {
namespace {

constexpr std::size_t kFirstSize = 64;

bool confirms(const Reply& push) {
  constexpr std::array<std::string_view, 6> kKinds{"subscribe",    "unsubscribe", "psubscribe",
                                                   "punsubscribe", "ssubscribe",  "sunsubscribe"};
  return push.size() > 0 && std::find(kKinds.begin(), kKinds.end(), push[0].text()) != kKinds.end();
}

}  // namespace

void PendingQueue::grow() {
  std::vector<Entry> ring(std::max(kFirstSize, ring_.size() * 2));
  for (std::uint64_t i = first_; i != end_; ++i) ring[i & (ring.size() - 1)] = std::move(at(i));
  ring_ = std::move(ring);
}

void PendingQueue::add(Callback&& done, Callback&& late, SteadyTime sent, SteadyTime deadline, Expect expect) {
  if (size() == ring_.size()) grow();
  Entry& entry = at(end_);
  entry.done = std::move(done);
  entry.late = std::move(late);
  entry.sent = sent;
  entry.deadline = deadline;
  entry.expect = expect;
  ++end_;
}

Callback PendingQueue::take_first(SteadyTime now) {
  Entry& entry = at(first_);
  Callback done = std::exchange(entry.done, nullptr);
  if (entry.late) {
    Callback late = std::exchange(entry.late, nullptr);
    if (!done) done = std::move(late);
  }
  last_reply_ = now;
  ++first_;
  waiting_ = std::max(waiting_, first_);
  return done;
}

void PendingQueue::complete(Callback done, const Reply& reply) noexcept {
  if (reply.is_error()) return guard_.fail(std::move(done), ErrorKind::redis_error, reply.text());
  guard_(kReplyCallbackThrew, [&] { done(reply); });
}

PendingQueue::Taken PendingQueue::on_reply(const Reply& reply, SteadyTime now) {
  if (empty()) return Taken::unexpected;
  if (at(first_).expect == Expect::confirmation && !reply.is_error()) return Taken::unexpected;
  // Taken off the queue before it is called: it may add more commands, and that may move the ring.
  const bool late = waiting_ != first_;
  Callback done = take_first(now);
  if (done) complete(std::move(done), reply);
  return late ? Taken::late : Taken::completed;
}

bool PendingQueue::on_push(const Reply& push, SteadyTime now) {
  if (empty() || at(first_).expect != Expect::confirmation || !confirms(push)) return false;
  Callback done = take_first(now);
  if (done) complete(std::move(done), push);
  return true;
}

std::size_t PendingQueue::expire(SteadyTime now) {
  std::size_t count = 0;
  // A command that a callback adds has a deadline later than now, so this ends.
  while (waiting_ != end_ && at(waiting_).deadline <= now) {
    Callback done = std::exchange(at(waiting_).done, nullptr);
    ++waiting_;
    ++count;
    guard_.fail(std::move(done), ErrorKind::redis_timeout, {});
  }
  return count;
}

void PendingQueue::fail_all(ErrorKind kind, std::string_view detail) noexcept {
  std::vector<Entry> ring = std::exchange(ring_, {});
  const std::uint64_t first = std::exchange(waiting_, 0);
  const std::uint64_t end = std::exchange(end_, 0);
  first_ = 0;
  for (std::uint64_t i = first; i != end; ++i) {
    guard_.fail(std::move(ring[i & (ring.size() - 1)].done), kind, detail);
  }
}

std::optional<SteadyTime> PendingQueue::next_deadline() const {
  if (waiting_ == end_) return std::nullopt;
  return at(waiting_).deadline;
}

std::optional<SteadyTime> PendingQueue::owing_since() const {
  if (empty()) return std::nullopt;
  return std::max(last_reply_, at(first_).sent);
}

}  // namespace wx::redis
