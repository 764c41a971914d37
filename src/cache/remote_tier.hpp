// The interface of the shared tier: Redis, Redis with staged outages, or a fake in tests. One object per I/O thread.
//
// Besides values the tier holds leases, which decide which process may load a key, and the fleet's remembered failures.
// A lease only saves provider calls; the correctness of answers does not depend on it. remote_tier_contract_test.cpp
// tests this contract for all implementations.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string_view>

#include "base/error.hpp"
#include "cache/entry.hpp"

namespace wx::cache {

// The longest that any process takes a lease or lets the fleet remember a failure. The settings of the processes may
// differ, so these are constants of the protocol: a lease or a memo in Redis that lasts longer, or for ever, is not one
// of ours as it stands (a restored backup, PERSIST, another tool), and would end all loads of its key. A lease lasts as
// long as a load, for which the settings allow a minute, a second of margin, and kLeaseEdge.
inline constexpr milliseconds kLongestLease{62'000};
inline constexpr milliseconds kLongestFailure{300'000};
// The last part of a lease. Its holder then lets it end by itself, because a command that arrives late would end the
// lease of the next holder.
inline constexpr milliseconds kLeaseEdge{1000};
[[nodiscard]] constexpr bool still_ours(SteadyTime lease_until, SteadyTime now) {
  return now < lease_until - kLeaseEdge;
}

// A larger body is not written to the shared tier: it would delay every command behind it. Each process loads such a
// value for itself and keeps it in memory.
inline constexpr std::size_t kLargestRemoteBody = std::size_t{1} << 20;
[[nodiscard]] inline bool fits_remote(const Entry& entry) {
  return entry.body.size() <= kLargestRemoteBody;
}

// A failed load that the fleet remembers.
struct FailureMemo {
  static constexpr int kMaxCount = 999;

  std::optional<ErrorKind> kind;  // nothing: the source refused, and an older answer is the fallback
  int count = 1;                  // consecutive failures, at most kMaxCount; determines the back-off
  milliseconds left{0};           // the remaining time to remember it
  // When the failed load began. A purge of everything since ends the memo. Nothing from a process of 0.1.0.
  std::optional<std::uint64_t> epoch = {};
};

// The state of a key and its lease at one moment.
struct LeaseView {
  bool won = false;                        // this process holds the lease now
  std::optional<Entry> entry;              // the stored value, or a tombstone
  std::optional<FailureMemo> failure;      // in place of a lease: a load failed and must not be repeated yet
  std::optional<milliseconds> lease_left;  // another process holds the lease, for this time at most
};

// Thread-safety: only the I/O thread that the tier belongs to. Callbacks are called on that thread, exactly once,
// possibly before the function returns.
class RemoteTier {
 public:
  using ReadCallback = std::move_only_function<void(Result<std::optional<Entry>>)>;
  using LeaseCallback = std::move_only_function<void(Result<LeaseView>)>;
  using DoneCallback = std::move_only_function<void(Result<void>)>;
  using EpochCallback = std::move_only_function<void(Result<std::uint64_t>)>;

  RemoteTier() = default;
  RemoteTier(const RemoteTier&) = delete;
  RemoteTier& operator=(const RemoteTier&) = delete;
  virtual ~RemoteTier() = default;

  // Reads the entry of `key`, which may be a tombstone, or of the kind `unreadable` if it is damaged or of another
  // version. The result is nothing if there is none, and an error if the tier did not answer.
  virtual void read(std::string_view key, ReadCallback done) = 0;

  // Tries to take the key's lease for `span`, and reads the value again in the same pipeline. If the lease was not won,
  // another round trip reads its state. `token` must be unique to the attempt. After an error it is unknown whether the
  // lease was won; a lease that turns out to be won is released.
  virtual void take_lease(std::string_view key, std::string_view token, milliseconds span, LeaseCallback done) = 0;

  // Reads the value and the state of the lease. A lease or a failure that lasts longer than any process can have meant
  // (kLongestLease, kLongestFailure) is shortened.
  virtual void look(std::string_view key, LeaseCallback done) = 0;

  // Stores the entry until its spans end, and announces it to the fleet after the tier has accepted it. An entry whose
  // spans have already ended, or which the tier refuses, is neither stored nor announced. With `release`, the same
  // pipeline releases this process's lease, and if the entry is refused, the fleet learns that the lease is free.
  virtual void store(std::string_view key, const Entry& entry, bool release, DoneCallback done) = 0;

  // Replaces this process's lease with a failure for memo.left, at most kLongestFailure, and announces it to the fleet.
  // If the tier refuses to store the failure, the lease is released.
  virtual void store_failure(std::string_view key, const FailureMemo& memo) = 0;

  // Releases this process's lease without a value, and announces that to the fleet.
  virtual void give_back(std::string_view key) = 0;

  // Replaces the value with a tombstone (entry.hpp), and forgets a failure that the fleet remembers. Another process's
  // lease stays. The value is removed even if there is no room for the tombstone, which is then an error.
  virtual void bury(std::string_view key, const Entry& tombstone, DoneCallback done) = 0;

  // Removes a failure that the fleet remembers, because a purge has ended it. Another process's lease stays.
  virtual void forget_failure(std::string_view key, DoneCallback done) = 0;

  // Announces to the fleet that what was stored until `at` is purged.
  virtual void announce_purge(std::string_view key, WallTime at, DoneCallback done) = 0;

  // Stores the entry until its spans end, unless the tier holds anything for the key. For a fresh copy that the tier
  // has lost. It takes no lease, and announces nothing.
  virtual void put_back(std::string_view key, const Entry& entry) = 0;

  // Makes every stored entry a miss for the whole fleet by raising the epoch, and announces it. The result is the new
  // epoch, which is higher than `ours`, this process's epoch, even if the tier has lost its own. After an error it is
  // unknown whether the epoch was raised.
  virtual void raise_epoch(std::uint64_t ours, EpochCallback done) = 0;

  // Returns true if the key held a value of a later version when this tier last read it. What read() returned then is
  // this version's own value beside it.
  [[nodiscard]] virtual bool holds_later_version(std::string_view key) const = 0;
};

}  // namespace wx::cache
