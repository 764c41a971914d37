// The limit of open connections of the whole process. The counter changes only when a connection is accepted or closed,
// not per request, so the servers of all threads can share one budget.
//
// At the limit a server closes one of its own idle connections in favour of a new one (RFC 9112 §9.5). If it has none,
// it asks the other servers through the budget, one after the other.
//
// Thread-safety: any thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/mutex.hpp"

namespace wx::http_server {

class ConnectionBudget {
 public:
  class Member;
  // A search for a place: whose it is, and the next member to ask.
  struct Search {
    Member* asker = nullptr;
    std::uint64_t id = 0;
    std::size_t next = 0;
  };
  // A server that shares the budget. Its functions are called on any thread while the budget is locked, so they must
  // not call the budget, only post work to their own thread. They must not throw.
  class Member {
   public:
    Member() = default;
    Member(const Member&) = delete;
    Member& operator=(const Member&) = delete;
    virtual ~Member() = default;
    // Asks for an idle connection to be closed. The member then calls search_on(). False if it cannot.
    [[nodiscard]] virtual bool give_place(const Search& search) noexcept = 0;
    // The end of the search `id` of this member. `found`: it holds a unit of the budget now. False if it cannot take
    // it.
    [[nodiscard]] virtual bool on_searched(std::uint64_t id, bool found) noexcept = 0;
  };

  explicit ConnectionBudget(std::size_t limit) : limit_(limit) {}

  [[nodiscard]] bool acquire() {
    if (open_.fetch_add(1, std::memory_order_relaxed) < limit_) return true;
    release();
    return false;
  }
  void release() { open_.fetch_sub(1, std::memory_order_relaxed); }

  [[nodiscard]] std::size_t open() const { return open_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::size_t limit() const { return limit_; }

  void join(Member& member);
  // Afterwards the member is neither asked nor answered.
  void leave(Member& member);
  // Begins or continues a search: acquires a unit for the asker, or asks the next member to give a place.
  void search_on(Search search);

 private:
  const std::size_t limit_;
  std::atomic<std::size_t> open_{0};
  Mutex mutex_;
  std::vector<Member*> members_ WX_GUARDED_BY(mutex_);
};

}  // namespace wx::http_server
