// Failed loads, remembered for a short time in which lookups get the same answer without a new call. The time doubles
// with every consecutive failure, up to a limit.
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
  milliseconds first{1000};  // ERROR_TTL
  milliseconds most{30'000};
  milliseconds refusal{300'000};  // REFUSAL_TTL: of a deterministic refusal, which does not double
  std::size_t limit = 10'000;     // memos; the oldest are dropped
};

struct Memo {
  Failure failure;
  int count = 1;
  SteadyTime until;
  std::optional<HeldCopy> held;  // the copy that could still be served when the load failed
};

class ErrorMemos {
 public:
  explicit ErrorMemos(const MemoOptions& options) : options_(options) {}

  // The memo in force, or null. Valid until the next change.
  [[nodiscard]] const Memo* active(std::string_view key, SteadyTime now) const;

  // Records a failed load. Returns its memo.
  const Memo& record(std::string_view key, Failure failure, std::optional<HeldCopy> held, SteadyTime now);

  // Records a failed load of another process.
  void record_fleet(std::string_view key, const FailureMemo& failure, std::optional<HeldCopy> held, SteadyTime now);

  // After a successful load or a purge: the next failure counts as the first.
  void forget(std::string_view key);
  void clear();

  [[nodiscard]] std::size_t size() const { return order_.size(); }

 private:
  struct Item {
    std::string key;
    Memo memo;
  };
  Memo& place(std::string_view key);

  const MemoOptions options_;
  std::list<Item> order_;  // oldest first
  std::unordered_map<std::string_view, std::list<Item>::iterator> items_;
};

}  // namespace wx::cache
