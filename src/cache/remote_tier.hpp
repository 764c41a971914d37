// The port to the shared tier: Redis, or a fake in tests. One per I/O thread.
//
// Beside values it keeps leases, which decide which process may load a key, and the fleet's memory of failed loads. A
// lease saves calls of the provider; the correctness of answers does not depend on it. The promises below are tested by
// remote_tier_contract_test.cpp, over both implementations.
#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "base/error.hpp"
#include "cache/entry.hpp"

namespace wx::cache {

// A failed load as the fleet remembers it.
struct FailureMemo {
  static constexpr int kMostCounted = 1000;

  std::optional<ErrorKind> kind;  // nothing: the source refused, and an older answer was kept
  int count = 1;                  // consecutive failures, at most kMostCounted: sets the back-off
  milliseconds left{0};           // the rest of its time
};

// The state of a key and its lease at one moment.
struct LeaseView {
  bool won = false;                      // this process holds the lease now
  std::optional<Entry> entry;            // the value
  std::optional<FailureMemo> failure;    // in place of a lease: a load failed and must not be tried again yet
  std::optional<milliseconds> held_for;  // the time after which another holder's lease ends by itself
};

// Thread-safety: everything on the I/O thread that the tier belongs to. Callbacks are called there, exactly once,
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

  // Reads the entry of `key`. Gives nothing if there is none or if it is damaged, and an error if the tier did not
  // answer.
  virtual void read(std::string_view key, ReadCallback done) = 0;

  // Tries to take the key's lease for `span`, and reads the value again in the same pipeline. A process that does not
  // get the lease also gets the lease's state, with another round trip. `token` is unique to the attempt. After an
  // error it is unknown whether the lease was won; a lease that was won is given back when that becomes known.
  virtual void take_lease(std::string_view key, std::string_view token, milliseconds span, LeaseCallback done) = 0;

  // Reads the value and the state of the lease.
  virtual void look(std::string_view key, LeaseCallback done) = 0;

  // Stores the entry until its spans are over, and announces it to the fleet. An entry whose spans are over already is
  // neither stored nor announced. With `release` this process's lease is given back in the same pipeline.
  virtual void store(std::string_view key, const Entry& entry, bool release, DoneCallback done) = 0;

  // Replaces this process's lease by a failure, for memo.left, and announces it to the fleet.
  virtual void store_failure(std::string_view key, const FailureMemo& memo) = 0;

  // Gives this process's lease back unused.
  virtual void give_back(std::string_view key) = 0;

  // Removes the value and announces that to the fleet.
  virtual void erase(std::string_view key, DoneCallback done) = 0;

  // Makes every stored entry a miss for the whole fleet: raises the epoch and announces it. Gives the new epoch, which
  // is higher than `ours`, the epoch in force in this process, even if the tier has lost its own. After an error it is
  // unknown whether the epoch was raised.
  virtual void raise_epoch(std::uint64_t ours, EpochCallback done) = 0;
};

// Receives the messages of other processes from the backplane. Implemented by the cache.
// Thread-safety: called on the one I/O thread that listens; on_epoch() on any.
class FleetListener {
 public:
  FleetListener() = default;
  FleetListener(const FleetListener&) = delete;
  FleetListener& operator=(const FleetListener&) = delete;
  virtual ~FleetListener() = default;

  struct Fill {
    std::string_view key;
    std::string_view etag;
    WallTime stored_at;
    milliseconds fresh_for;
  };
  virtual void on_fill(const Fill& fill) = 0;
  virtual void on_fail(std::string_view key) = 0;
  virtual void on_purge(std::string_view key) = 0;
  // Returns the epoch that Redis should hold. If it is higher than the epoch that Redis answered, Redis has lost its
  // own and must be told. If it is higher than the epoch in a message, Redis may have lost its own, or the message is
  // late.
  virtual std::uint64_t on_epoch(std::uint64_t epoch) = 0;
  // The channel is connected, for the first time or again. Messages sent in between were missed.
  virtual void on_listening() = 0;
  // The channel is lost.
  virtual void on_disconnected() = 0;
};

}  // namespace wx::cache
