// Finds connections whose deadline has passed, without a timer per connection.
//
// Each phase of a connection has a fixed time limit, so connections in the same phase expire in the order in which they
// entered it. Each phase has a queue, and a tick examines only the heads of the queues. Entering, moving and leaving
// cost a few pointer writes; a tick costs time in proportion to the expired connections.
//
// Thread-safety: none; one per thread.
#pragma once

#include <array>
#include <cstdint>
#include <iterator>

#include <boost/intrusive/list.hpp>

#include "base/clock.hpp"

namespace wx::http_server {

enum class ConnectionPhase : std::uint8_t {
  idle,       // no byte of the next request has been received
  reading,    // a part of a head has been received
  answering,  // the answer is outstanding; the handler limits its own time
  writing,    // the socket does not accept more of the answer
  lingering,  // everything is sent; the client must close
  untaken,    // as idle or lingering, but the client has not taken all of its answers from the kernel
  surplus,    // above the limit of connections; the head of the only request has not been received
  gone,       // as answering, but the client has ended its side at least
};
inline constexpr std::size_t kConnectionPhases = static_cast<std::size_t>(ConnectionPhase::gone) + 1;

class Deadlines {
 public:
  // The base class of a connection: its place in a queue. The destructor removes it from the queue.
  class Entry : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
   public:
    Entry() = default;
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;
    [[nodiscard]] ConnectionPhase phase() const { return phase_; }
    [[nodiscard]] SteadyTime entered_at() const { return entered_at_; }
    void leave() {
      if (is_linked()) unlink();
    }

   protected:
    ~Entry() = default;

   private:
    friend class Deadlines;
    ConnectionPhase phase_ = ConnectionPhase::idle;
    SteadyTime entered_at_{};
  };

  using Spans = std::array<nanoseconds, kConnectionPhases>;
  static constexpr nanoseconds kNever = nanoseconds::max();

  // `spans`: the time limit of each phase, in the order of ConnectionPhase; kNever for no limit.
  explicit Deadlines(const Spans& spans) : spans_(spans) {}

  // `now` must not decrease from call to call.
  void enter(Entry& entry, ConnectionPhase phase, SteadyTime now) {
    entry.leave();
    const auto index = static_cast<std::size_t>(phase);
    entry.phase_ = phase;
    entry.entered_at_ = now;
    queues_[index].push_back(entry);
  }

  // Returns an entry whose deadline has passed, or null. Before the next call the caller must make the entry leave its
  // phase or enter one.
  [[nodiscard]] Entry* expired(SteadyTime now) {
    for (std::size_t i = 0; i < kConnectionPhases; ++i) {
      if (spans_[i] == kNever || queues_[i].empty()) continue;
      if (queues_[i].front().entered_at_ + spans_[i] <= now) return &queues_[i].front();
    }
    return nullptr;
  }

  // Calls visit(entry) for each entry in `phase`, the one that has been there the longest first. `visit` may move its
  // own entry to another phase.
  template <class Visit>
  void for_each(ConnectionPhase phase, Visit visit) {
    for_each_while(phase, [&](Entry& entry) {
      visit(entry);
      return true;
    });
  }
  // The same until `visit` returns false.
  template <class Visit>
  void for_each_while(ConnectionPhase phase, Visit visit) {
    auto& queue = queues_[static_cast<std::size_t>(phase)];
    for (auto next = queue.begin(); next != queue.end();) {
      if (!visit(*next++)) return;
    }
  }
  // As for_each for those that entered it at `since` or later, at a cost in proportion to their number.
  template <class Visit>
  void for_each_since(SteadyTime since, ConnectionPhase phase, Visit visit) {
    auto& queue = queues_[static_cast<std::size_t>(phase)];
    auto next = queue.end();
    while (next != queue.begin() && std::prev(next)->entered_at_ >= since) --next;
    while (next != queue.end()) visit(*next++);
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
