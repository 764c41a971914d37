// Commands that wait for their replies, in the order in which they were sent.
//
// Redis answers in order, so the place in the line is all that ties a reply to its command. A command whose deadline
// passes is told so and gives up its callback, but keeps its place: its late reply is taken and dropped, and the
// connection lives on. All commands have the same patience, so their deadlines stand in the same order as they do, and
// looking at the oldest is enough: no timer per command.
//
//   sent:   a   b   c   d          first_ -> b (a was answered)
//               x                  waiting_ -> c (b was given up, its reply is still to come)
//
// A confirmation of SUBSCRIBE comes as a push; the place of that command is taken by the first push of such a kind, or
// by an error reply.
//
// A pure kernel: time comes in as a parameter, nothing is read or written. Callbacks are called from within these
// functions and may add() more; nothing else of this object.
// Thread-safety: none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/clock.hpp"
#include "redis/reply.hpp"

namespace wx::redis {

class PendingQueue {
 public:
  enum class Expect : std::uint8_t { reply, confirmation };
  // What became of a reply.
  enum class Taken : std::uint8_t {
    completed,  // its command was told
    late,       // its command had been given up
    unasked,    // nobody waits for a reply, or not for this kind: the connection is out of step and must be closed
  };

  void add(Callback done, SteadyTime sent, SteadyTime deadline, Expect expect = Expect::reply);

  // A reply that is no push.
  [[nodiscard]] Taken on_reply(const Reply& reply, SteadyTime now);
  // A push; false if it confirms nothing that was asked for (then it is for the push handler).
  [[nodiscard]] bool on_push(const Reply& push, SteadyTime now);
  // How long the last command answered had taken.
  [[nodiscard]] nanoseconds last_took() const { return last_took_; }

  // Gives up every command whose deadline has come; returns how many.
  std::size_t expire(SteadyTime now);
  // Fails every command that still waits, in order, and forgets all.
  void fail_all(const Error& error);

  // Commands without a reply, those given up included.
  [[nodiscard]] std::size_t size() const { return static_cast<std::size_t>(end_ - first_); }
  [[nodiscard]] bool empty() const { return first_ == end_; }
  // The deadline of the oldest command that still waits.
  [[nodiscard]] std::optional<SteadyTime> next_deadline() const;
  // Since when Redis owes a reply: the last reply, or the sending of the oldest command if that came later.
  [[nodiscard]] std::optional<SteadyTime> owing_since() const;

 private:
  struct Entry {
    Callback done;  // empty once given up
    SteadyTime sent{};
    SteadyTime deadline{};
    Expect expect = Expect::reply;
  };
  [[nodiscard]] Entry& at(std::uint64_t position) { return ring_[position & (ring_.size() - 1)]; }
  [[nodiscard]] const Entry& at(std::uint64_t position) const { return ring_[position & (ring_.size() - 1)]; }
  void grow();
  Callback take_first(SteadyTime now);

  std::vector<Entry> ring_;  // its size is 0 or a power of two
  // Positions count up for ever; the ring holds [first_, end_).
  std::uint64_t first_ = 0;
  std::uint64_t waiting_ = 0;  // the oldest that is not given up
  std::uint64_t end_ = 0;
  SteadyTime last_reply_{};
  nanoseconds last_took_{};
};

}  // namespace wx::redis
