// This process's memos of failed loads. While a memo is in force, lookups of the key get the same answer without a new
// call. The time doubles with every consecutive failure, up to a limit. (FailureMemo is the fleet's memo, in Redis.)
//
// A memo holds no answer. The answers that may be served meanwhile are in memory, within its limit, or in Redis. What a
// memo does hold, the error or the provider's rejection, counts towards a limit and goes when the memo ends: then only
// the number of failures stays, as long as the next failure may be one in a row.
//
// Thread-safety: none. Each shard of the flight table has one, under the shard's lock.
#pragma once

#include <cstddef>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/error.hpp"
#include "cache/flight.hpp"

namespace wx::cache {

struct MemoOptions {
  milliseconds first{1000};                  // ERROR_TTL: the time of the first failure
  milliseconds longest{30'000};              // doubling stops at this time
  milliseconds refusal{300'000};             // REFUSAL_TTL: the time of a deterministic refusal, which does not double
  std::size_t limit = 10'000;                // memos; the oldest is dropped if there are more
  std::size_t bytes = std::size_t{4} << 20;  // of all memos, beside MEMORY_LIMIT; likewise
};

// The flight table's key of a lookup, and its question (Lookup::question). A key without a question is one with an
// empty one.
struct MemoKey {
  std::string_view table_key;
  std::string_view question;

  MemoKey(std::string_view key) : table_key(key) {}    // NOLINT(google-explicit-constructor): as the comment says
  MemoKey(const char* key) : table_key(key) {}         // NOLINT(google-explicit-constructor)
  MemoKey(const std::string& key) : table_key(key) {}  // NOLINT(google-explicit-constructor)
  MemoKey(std::string_view key, std::string_view q) : table_key(key), question(q) {}
};

struct Memo {
  std::string question;  // of the failed load; usually empty
  Failure failure = {};
  int count = 0;      // consecutive failures; 0: none yet
  SteadyTime until;   // in force before this time
  WallTime begun;     // when the failed load began; a value stored later ends the memo
  bool kept = false;  // there was an answer that may be served: if memory does not hold it, Redis may
  bool look = false;  // another process has announced a value since: look in Redis, once
};

class ErrorMemos {
 public:
  explicit ErrorMemos(const MemoOptions& options) : options_(options) {}

  // Returns the memo in force, or null: also if it is of another question. The pointer is valid until the next change.
  [[nodiscard]] const Memo* active(const MemoKey& key, SteadyTime now);

  // Records a failed load of this process, in place of the key's memo. Returns its memo.
  const Memo& record(const MemoKey& key, Failure failure, bool kept, WallTime begun, SteadyTime now);

  // Records a failed load of another process.
  void record_fleet(const MemoKey& key, const FailureMemo& failure, bool kept, WallTime begun, SteadyTime now);

  // Call it when another process has announced a value. A memo then allows one look.
  void on_fill(std::string_view key);
  // Returns true once after each on_fill().
  [[nodiscard]] bool take_look(std::string_view key);

  // Removes the memo if a value was stored after the failed load had begun. The next failure then counts as the first.
  void on_value(std::string_view key, WallTime stored_at);
  // Call it when Redis has turned out to hold no answer that may be served.
  void on_nothing_kept(std::string_view key);
  // Removes the memo if it is from before a purge at this time.
  void on_purged(std::string_view key, const Moment& at);
  // Removes the memo, after a purge.
  void forget(std::string_view key);
  void clear();

  [[nodiscard]] std::size_t size() const { return order_.size(); }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  struct Item {
    std::string key;
    Memo memo;
    std::size_t bytes = 0;

    [[nodiscard]] std::size_t cost() const;
  };
  // Returns the key's memo, which is new if there was none of this question, and makes it the newest.
  Item& place(const MemoKey& key);
  // Call it after a change of the newest memo.
  void on_changed(Item& item);
  void count_bytes(Item& item);
  // A failure that comes from then on is not in a row with the memo's.
  [[nodiscard]] SteadyTime forgotten_at(const Memo& memo) const { return memo.until + 2 * options_.longest; }
  // Empties the memos that have ended, and removes the forgotten ones.
  void sweep(SteadyTime now);

  const MemoOptions options_;
  std::size_t bytes_ = 0;
  SteadyTime sweep_at_ = SteadyTime::max();
  std::list<Item> order_;                                                  // oldest first
  std::unordered_map<std::string_view, std::list<Item>::iterator> items_;  // the keys are views into order_
};

}  // namespace wx::cache
