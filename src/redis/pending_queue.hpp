// The commands that wait for their replies, in the order in which they were sent.
//
// Redis answers in order, so a command and its reply are matched by position alone. A command whose deadline passes
// fails and gives up its callback, but keeps its position, and the connection stays. The late reply goes to the
// command's second callback, if it has one.
// All commands have the same timeout, so deadlines are in the same order as the commands, and checking the oldest is
// enough: no timer per command.
//
//   sent:   a   b   c   d          first_ -> b (a was answered)
//               x                  waiting_ -> c (b timed out, its reply is still to come)
//
// The confirmation of a SUBSCRIBE arrives as a push. The first push of such a kind, or an error reply, completes the
// oldest command if that is a SUBSCRIBE.
//
// A pure kernel: time comes in as a parameter, nothing is read or written. Callbacks run inside these functions and may
// add() more, but call nothing else of this object; an exception in one of them ends in the guard.
// Thread-safety: none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "redis/callback_guard.hpp"
#include "redis/reply.hpp"

namespace wx::redis {

class PendingQueue {
 public:
  enum class Expect : std::uint8_t { reply, confirmation };
  // The result of taking a reply.
  enum class Taken : std::uint8_t {
    completed,   // its command has got it
    late,        // its command had timed out; its second callback has got it
    unexpected,  // no command waits for a reply of this kind: the connection is out of step and must be closed
  };

  // `guard` must outlive the queue.
  explicit PendingQueue(CallbackGuard& guard) : guard_(guard) {}

  // Leaves the callbacks alone if it throws. `late` may be null (see Command).
  void add(Callback&& done, Callback&& late, SteadyTime sent, SteadyTime deadline, Expect expect = Expect::reply);

  // Takes a reply that is no push.
  [[nodiscard]] Taken on_reply(const Reply& reply, SteadyTime now);
  // Takes a push. Returns false if it confirms no SUBSCRIBE; then it is for the push handler.
  [[nodiscard]] bool on_push(const Reply& push, SteadyTime now);

  // Times out every command whose deadline has come; returns how many.
  std::size_t expire(SteadyTime now);
  // Fails every command that still waits, in order, and empties the queue.
  void fail_all(ErrorKind kind, std::string_view detail) noexcept;

  // The number of commands without a reply, including those that timed out.
  [[nodiscard]] std::size_t size() const { return static_cast<std::size_t>(end_ - first_); }
  [[nodiscard]] bool empty() const { return first_ == end_; }
  // The deadline of the oldest command that still waits.
  [[nodiscard]] std::optional<SteadyTime> next_deadline() const;
  // Since when a reply is due: the time of the last reply, or of the oldest command if that was sent later.
  [[nodiscard]] std::optional<SteadyTime> owing_since() const;

 private:
  struct Entry {
    Callback done;  // empty once timed out
    Callback late;  // may be empty
    SteadyTime sent{};
    SteadyTime deadline{};
    Expect expect = Expect::reply;
  };
  [[nodiscard]] Entry& at(std::uint64_t position) { return ring_[position & (ring_.size() - 1)]; }
  [[nodiscard]] const Entry& at(std::uint64_t position) const { return ring_[position & (ring_.size() - 1)]; }
  void grow();
  // Takes the callback that the oldest command's reply goes to; empty if it goes nowhere.
  Callback take_first(SteadyTime now);
  void complete(Callback done, const Reply& reply) noexcept;

  CallbackGuard& guard_;
  std::vector<Entry> ring_;  // its size is 0 or a power of two
  // Positions count up for ever; the ring holds [first_, end_).
  std::uint64_t first_ = 0;
  std::uint64_t waiting_ = 0;  // the oldest that has not timed out
  std::uint64_t end_ = 0;
  SteadyTime last_reply_{};
};

}  // namespace wx::redis
