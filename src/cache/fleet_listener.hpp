// The receiver of the fleet's messages. The backplane calls it; CacheCore implements it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/clock.hpp"
#include "cache/epoch.hpp"

namespace wx::cache {

// A process also receives the messages that it has published itself. Thread-safety: called on the I/O thread of the
// backplane; on_epoch_key() and epoch() also on others.
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
    std::optional<std::uint64_t> epoch = {};  // of the value; nothing from a process of 0.1.0
  };
  // Returns true if the value is of another epoch, so the caller must read Redis's epoch.
  virtual bool on_fill(const Fill& fill) = 0;
  virtual void on_fail(std::string_view key) = 0;
  // `at`: what was stored until then is purged; without it (from a process of 0.1.0), everything is.
  virtual void on_purge(std::string_view key, std::optional<WallTime> at) = 0;
  // Applies an announced epoch. With Heard::look, the caller must read Redis's epoch.
  virtual Epoch::Heard on_epoch(std::uint64_t epoch) = 0;
  // Applies what the epoch's key in Redis holds. Returns the repair that the key needs (RedisEpoch).
  virtual Epoch::Repair on_epoch_key(const EpochKey& key) = 0;
  // This process's epoch, for a repair.
  [[nodiscard]] virtual std::uint64_t epoch() const = 0;
  // The channel is subscribed, for the first time or again. Messages sent before may have been missed.
  virtual void on_listening() = 0;
  // The channel is lost; messages are missed from now on.
  virtual void on_disconnected() = 0;
};

}  // namespace wx::cache
