// The port behind which the shared tier lives: Redis, or a fake in tests. One per I/O thread.
//
// Beside values it keeps leases: which process may load a key, and for how long the fleet remembers a failed load. A
// lease saves calls of the provider; no answer's correctness depends on it.
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

  ErrorKind kind = ErrorKind::internal;
  int count = 1;         // failures in a row, as far as they are counted: the back-off
  milliseconds left{0};  // how long it holds
};

// What stands under a key and its lease at one moment.
struct LeaseView {
  bool won = false;                      // the lease is ours now
  std::optional<Entry> entry;            // the value
  std::optional<FailureMemo> failure;    // instead of a lease: a load failed, and is not to be tried yet
  std::optional<milliseconds> held_for;  // somebody else's lease ends by itself after so long
};

// Everything on the I/O thread that the tier belongs to; callbacks too, exactly once, possibly from within the call.
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

  // The entry under `key`; nothing if there is none or it is not a whole entry; an error if the tier did not answer.
  virtual void read(std::string_view key, ReadCallback done) = 0;

  // Tries to take the key's lease for `span`, and reads the value again in the same pipeline. The loser needs the
  // lease's state too: it looks (below), which is another round trip. `token` is unique to the attempt. After an error
  // it is unknown whether the lease was won; one that turns out to have been won is given back.
  virtual void take_lease(std::string_view key, std::string_view token, milliseconds span, LeaseCallback done) = 0;

  // The value, and what stands in the lease's place.
  virtual void look(std::string_view key, LeaseCallback done) = 0;

  // Stores the entry until its spans are over and tells the fleet. `release`: the lease is ours and is given back in
  // the same pipeline.
  virtual void store(std::string_view key, const Entry& entry, bool release, DoneCallback done) = 0;

  // Turns our lease into the fleet's memory of a failure, for memo.left, and tells the fleet.
  virtual void store_failure(std::string_view key, const FailureMemo& memo) = 0;

  // Gives our lease back unused.
  virtual void give_back(std::string_view key) = 0;

  // Removes the value and tells the fleet.
  virtual void erase(std::string_view key, DoneCallback done) = 0;

  // Makes everything stored so far a miss for the whole fleet: raises the epoch and tells the fleet. Gives the new one,
  // which is higher than `ours`, the epoch in force here, even where the tier has lost its own. After an error it is
  // unknown whether the epoch was raised.
  virtual void raise_epoch(std::uint64_t ours, EpochCallback done) = 0;
};

// What other processes did, as heard on the backplane. Implemented by the cache.
// Thread-safety: on the one I/O thread that listens; on_epoch() on any.
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
  // Returns the epoch that Redis should hold. Where that is higher than what Redis says, it has lost its own and is to
  // be told; higher than what a message says, it may have, or the message is late.
  virtual std::uint64_t on_epoch(std::uint64_t epoch) = 0;
  // The channel is connected, for the first time or again: messages sent meanwhile were missed.
  virtual void on_listening() = 0;
  // The channel is lost.
  virtual void on_disconnected() = 0;
};

}  // namespace wx::cache
