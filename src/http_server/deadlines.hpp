// Finds the connections whose time is over, without a timer per connection.
//
// Each phase of a connection allows a fixed span of time, so within a phase connections expire in the order in which
// they entered it. There is a queue per phase, and a tick looks only at the heads of the queues. Entering, moving and
// leaving cost a few pointer writes; a tick costs as much as has expired.
//
// Thread-safety: none; one per thread.
#pragma once

#include <array>
#include <cstdint>

#include <boost/intrusive/list.hpp>

#include "base/clock.hpp"

namespace wx::http_server {

enum class ConnectionPhase : std::uint8_t {
  idle,       // nothing received since the last answer, or ever
  reading,    // part of a head is here
  answering,  // a handler holds the Responder; the handler limits its own time
  writing,    // the client does not take the answer
  lingering,  // everything is sent; waiting for the client to close
};
inline constexpr std::size_t kConnectionPhases = static_cast<std::size_t>(ConnectionPhase::lingering) + 1;

class Deadlines {
 public:
  // A connection as the queues see it. Leaves its queue when destroyed.
  class Entry : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
   public:
    Entry() = default;
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;
    [[nodiscard]] ConnectionPhase phase() const { return phase_; }
    void leave() {
      if (is_linked()) unlink();
    }

   protected:
    ~Entry() = default;

   private:
    friend class Deadlines;
    ConnectionPhase phase_ = ConnectionPhase::idle;
    SteadyTime deadline_{};
  };

  using Spans = std::array<nanoseconds, kConnectionPhases>;
  static constexpr nanoseconds kNever = nanoseconds::max();

  // The time that each phase allows, in the order of ConnectionPhase; kNever for no limit.
  explicit Deadlines(const Spans& spans) : spans_(spans) {}

  // `now` must not decrease from call to call.
  void enter(Entry& entry, ConnectionPhase phase, SteadyTime now) {
    entry.leave();
    const auto index = static_cast<std::size_t>(phase);
    entry.phase_ = phase;
    entry.deadline_ = spans_[index] == kNever ? SteadyTime::max() : now + spans_[index];
    queues_[index].push_back(entry);
  }

  // An entry whose time is over, or null. Before the next call the caller must make it leave or enter a phase.
  [[nodiscard]] Entry* expired(SteadyTime now) {
    for (auto& queue : queues_) {
      if (!queue.empty() && queue.front().deadline_ <= now) return &queue.front();
    }
    return nullptr;
  }

  // The entry that has been in `phase` the longest, or null.
  [[nodiscard]] Entry* oldest(ConnectionPhase phase) {
    auto& queue = queues_[static_cast<std::size_t>(phase)];
    return queue.empty() ? nullptr : &queue.front();
  }

 private:
  using Queue = boost::intrusive::list<Entry, boost::intrusive::constant_time_size<false>>;

  Spans spans_;
  std::array<Queue, kConnectionPhases> queues_;
};

}  // namespace wx::http_server
