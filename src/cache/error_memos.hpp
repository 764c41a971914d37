// Failed loads, remembered for a moment: whoever asks meanwhile gets the same answer without a new call. The moment
// doubles with every failure in a row, up to a limit.
//
// Thread-safety: none; one per shard of the flight table, under its lock.
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
  std::size_t limit = 10'000;     // memos; the oldest go
};

struct Memo {
  Error error;
  int count = 1;
  SteadyTime until;
  std::optional<HeldCopy> held;  // what could still be served when it failed
};

class ErrorMemos {
 public:
  explicit ErrorMemos(const MemoOptions& options) : options_(options) {}

  // The memo that holds now, if any. Valid until the next change.
  [[nodiscard]] const Memo* active(std::string_view key, SteadyTime now) const;

  // A load failed. Returns the memo as it stands now.
  const Memo& record(std::string_view key, const Error& error, std::optional<HeldCopy> held, SteadyTime now);

  // Another process's load failed.
  void record_fleet(std::string_view key, const FailureMemo& failure, std::optional<HeldCopy> held, SteadyTime now);

  // A load succeeded, or the key was purged: the next failure is a first one.
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
