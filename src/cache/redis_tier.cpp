#include "cache/redis_tier.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "base/text.hpp"
#include "cache/answer_once.hpp"
#include "cache/codec.hpp"
#include "cache/failure_text.hpp"
#include "cache/fleet_message.hpp"
#include "cache/redis_keys.hpp"
#include "redis/reply_class.hpp"

namespace wx::cache {

using observability::Counter;
using redis::Reply;

namespace {

const Error* error_of(const Result<Reply>& reply) {
  return reply ? nullptr : &reply.error();
}

Entry unreadable() {
  Entry entry;
  entry.kind = EntryKind::unreadable;
  return entry;
}

}  // namespace

RedisTier::RedisTier(redis::Client& client, std::string prefix, const Clock& clock, observability::Metrics& metrics,
                     observability::Log& log)
    : client_(client),
      prefix_(std::move(prefix)),
      channel_(events_channel(prefix_, client.database())),
      clock_(clock),
      metrics_(metrics),
      log_(log),
      epoch_(client, prefix_) {}

// --- reads ---

std::optional<Entry> RedisTier::entry_of(std::string_view key, const Reply& reply) {
  if (reply.is_null()) return std::nullopt;
  auto entry = decode(key, reply.text());
  if (entry) return entry;
  if (!is_of_later_version(reply.text())) metrics_.add(Counter::cache_codec_refused);
  return unreadable();
}

RedisTier::Beside RedisTier::read_beside(std::string_view key) {
  if (!holds_later_version(key)) return nullptr;
  auto beside = std::make_shared<std::optional<Entry>>();
  client_.command({"GET", value_key_beside(prefix_, key)},
                  [this, beside, key = std::string(key)](const Result<Reply>& reply) {
                    if (reply) *beside = entry_of(key, *reply);
                  });
  return beside;
}

void RedisTier::judge(std::string_view key, const Reply& reply, const Beside& beside, std::optional<Entry>& entry) {
  if (entry && entry->kind == EntryKind::unreadable && is_of_later_version(reply.text())) {
    later_.put(key, clock_.steady());
    if (beside && *beside) entry = std::move(*beside);
  } else if (later_.find(key) != nullptr) {
    later_.erase(key);
    // Otherwise it would come back with the next value of a later version.
    client_.command({"DEL", value_key_beside(prefix_, key)}, [](const Result<Reply>&) {});
  }
}

bool RedisTier::holds_later_version(std::string_view key) const {
  const auto* seen = later_.find(key);
  return seen != nullptr && clock_.steady() - *seen < kLaterFor;
}

void RedisTier::read(std::string_view key, ReadCallback done) {
  if (unavailable(key)) return done(fail(ErrorKind::redis_unavailable));
  auto beside = beside_of(key);
  key_.assign(prefix_).append(key);
  client_.command({"GET", key_},
                  [this, key = std::string(key), beside = std::move(beside),
                   done = AnswerOnce<std::optional<Entry>>(std::move(done))](Result<Reply> reply) mutable {
                    if (!reply) {
                      record(key, &reply.error());
                      return done(std::unexpected(std::move(reply.error())));
                    }
                    auto entry = value_of(key, *reply, beside);
                    const bool now_known = !beside && !later_.empty() && holds_later_version(key);
                    if (now_known)
                      return read(key, [done = std::move(done)](auto result) mutable { done(std::move(result)); });
                    record(key, nullptr);
                    done(std::move(entry));
                  });
}

// --- writes ---

void RedisTier::store(std::string_view key, const Entry& entry, bool release, DoneCallback done) {
  const auto left = time_left(entry);
  if (left <= milliseconds(0)) {
    if (release) give_back(key);
    return done({});
  }
  if (unavailable(key)) return done(fail(ErrorKind::redis_unavailable));
  head_.clear();
  encode_head(key, entry, head_);
  const auto value = own_key(key);
  const auto lease = lease_key(prefix_, key);
  const auto expiry = cat(left.count());
  const std::array<redis::Argument, 5> set{"SET", value, redis::Argument(head_, entry.body), "PX", expiry};
  const std::array<redis::Argument, 2> del{"DEL", lease};
  // The value is announced after Redis has accepted it, if need be late: receivers of a message about a value that is
  // not there would look for it in vain. A refusal releases the lease, so the processes that wait for it must look.
  struct Writing {
    std::string key;
    std::string message;
    bool release;
    AnswerOnce<void> done;
  };
  const auto writing = std::make_shared<Writing>(Writing{.key = std::string(key),
                                                         .message = fill_message(key, entry),
                                                         .release = release,
                                                         .done = AnswerOnce<void>(std::move(done))});
  auto on_set = [this, writing](Result<Reply> reply) {
    record(writing->key, error_of(reply));
    if (reply) {
      on_accepted_write();
      publish(writing->message);
      return writing->done({});
    }
    if (writing->release && redis::is_refusal(reply.error())) publish(fail_message(writing->key));
    writing->done(std::unexpected(std::move(reply.error())));
  };
  auto on_late = [this, writing](const Result<Reply>& reply) {
    if (reply) publish(writing->message);
  };
  std::array<redis::Command, 2> commands{redis::Command{set, std::move(on_set), std::move(on_late)},
                                         redis::Command{del, [](const Result<Reply>&) {}}};
  client_.pipeline(std::span(commands).first(release ? 2 : 1));
}

void RedisTier::publish(std::string_view message) {
  client_.command({"PUBLISH", channel_, message}, [](const Result<Reply>&) {});
}

void RedisTier::store_failure(std::string_view key, const FailureMemo& memo) {
  if (unavailable(key)) return;
  const auto lease = lease_key(prefix_, key);
  const auto value = failure_text(memo);
  const auto expiry = cat(std::clamp(memo.left, milliseconds(1), kLongestFailure).count());
  const auto message = fail_message(key);
  const std::array<redis::Argument, 6> set{"SET", lease, value, "XX", "PX", expiry};
  const std::array<redis::Argument, 3> publish{"PUBLISH", channel_, message};
  std::array<redis::Command, 2> commands{redis::Command{set,
                                                        [this, key = std::string(key)](const Result<Reply>& reply) {
                                                          record(key, error_of(reply));
                                                          // A memo that Redis does not take must not leave the lease
                                                          // behind.
                                                          if (!reply && redis::is_refusal(reply.error()))
                                                            give_back(key);
                                                        }},
                                         redis::Command{publish, [](const Result<Reply>&) {}}};
  client_.pipeline(commands);
}

void RedisTier::give_back(std::string_view key) {
  if (unavailable(key)) return;
  const auto lease = lease_key(prefix_, key);
  const auto message = fail_message(key);  // makes processes that wait for the lease read its state again
  const std::array<redis::Argument, 2> del{"DEL", lease};
  const std::array<redis::Argument, 3> publish{"PUBLISH", channel_, message};
  std::array<redis::Command, 2> commands{
      redis::Command{del, [this, key = std::string(key)](const Result<Reply>& reply) { record(key, error_of(reply)); }},
      redis::Command{publish, [](const Result<Reply>&) {}}};
  client_.pipeline(commands);
}

void RedisTier::bury(std::string_view key, const Entry& tombstone, DoneCallback done) {
  if (unavailable(key)) return done(fail(ErrorKind::redis_unavailable));
  head_.clear();
  encode_head(key, tombstone, head_);
  const auto value = value_key(prefix_, key);
  const auto beside = value_key_beside(prefix_, key);
  const auto expiry = cat(tombstone.spans.total().count());
  // DEL first: a full Redis refuses SET, but lets the value go. SET is refused wherever DEL is.
  const std::array<redis::Argument, 3> del{"DEL", value, beside};
  const std::array<redis::Argument, 5> set{"SET", value, head_, "PX", expiry};
  const auto lease = lease_key(prefix_, key);
  const std::array<redis::Argument, 2> get_lease{"GET", lease};
  struct Burying {
    std::string key;
    AnswerOnce<void> done;
    std::optional<Error> error = std::nullopt;
  };
  const auto burying = std::make_shared<Burying>(Burying{std::string(key), AnswerOnce<void>(std::move(done))});
  auto on_set = [this, burying](Result<Reply> reply) {
    record(burying->key, error_of(reply));
    if (!reply) burying->error = std::move(reply.error());
  };
  auto on_lease = [this, burying](Result<Reply> reply) {
    if (!reply && !burying->error) burying->error = std::move(reply.error());
    auto answer = [burying](Result<void> forgotten) {
      if (!forgotten && !burying->error) burying->error = std::move(forgotten.error());
      if (burying->error) return burying->done(std::unexpected(std::move(*burying->error)));
      burying->done({});
    };
    if (reply && reply->is_text() && parse_failure_text(reply->text()))
      return forget_failure(burying->key, std::move(answer));
    answer({});
  };
  std::array<redis::Command, 3> commands{redis::Command{del, [](const Result<Reply>&) {}},
                                         redis::Command{set, std::move(on_set)},
                                         redis::Command{get_lease, std::move(on_lease)}};
  client_.pipeline(commands);
}

void RedisTier::announce_purge(std::string_view key, WallTime at, DoneCallback done) {
  if (unavailable(key)) return done(fail(ErrorKind::redis_unavailable));
  const auto message = purge_message(key, at);
  const auto plain = purge_message(key);
  const std::array<redis::Argument, 3> publish{"PUBLISH", channel_, message};
  const std::array<redis::Argument, 3> publish_plain{"PUBLISH", channel_, plain};
  std::array<redis::Command, 2> commands{redis::Command{publish, [](const Result<Reply>&) {}},  // as the next
                                         redis::Command{publish_plain, recorded(key, std::move(done))}};
  client_.pipeline(commands);
}

void RedisTier::put_back(std::string_view key, const Entry& entry) {
  const auto left = time_left(entry);
  if (left <= milliseconds(0) || unavailable(key)) return;
  head_.clear();
  encode_head(key, entry, head_);
  const auto value = own_key(key);
  const auto expiry = cat(left.count());
  const std::array<redis::Argument, 6> set{"SET", value, redis::Argument(head_, entry.body), "NX", "PX", expiry};
  client_.command(set, [this, key = std::string(key)](const Result<Reply>& reply) { record(key, error_of(reply)); });
}

redis::Callback RedisTier::recorded(std::string_view key, DoneCallback done) {
  return [this, key = std::string(key), done = AnswerOnce<void>(std::move(done))](Result<Reply> reply) mutable {
    record(key, error_of(reply));
    if (!reply) return done(std::unexpected(std::move(reply.error())));
    done({});
  };
}

std::string RedisTier::own_key(std::string_view key) const {
  const bool beside = !later_.empty() && holds_later_version(key);
  return beside ? value_key_beside(prefix_, key) : value_key(prefix_, key);
}

milliseconds RedisTier::time_left(const Entry& entry) const {
  return entry.spans.total() - std::max(clock_.wall() - entry.stored_at, milliseconds(0));
}

void RedisTier::raise_epoch(std::uint64_t ours, EpochCallback done) {
  epoch_.raise(ours, [this, done = AnswerOnce<std::uint64_t>(std::move(done))](Result<std::uint64_t> epoch) mutable {
    if (!epoch) log_refusal(epoch.error());
    done(std::move(epoch));
  });
}

// --- the breaker, and refusals ---

void RedisTier::record(std::string_view key, const Error* error) {
  client_.record(key, error);
  if (error != nullptr) log_refusal(*error);
}

void RedisTier::log_refusal(const Error& error) {
  if (!redis::is_refusal(error) || std::exchange(refused_before_, true)) return;
  log_.warn("cache", "Redis answers, but refuses commands", {{"redis", error.detail}});
}

void RedisTier::on_accepted_write() {
  if (std::exchange(refused_before_, false)) log_.info("cache", "Redis accepts writes again");
}

}  // namespace wx::cache
