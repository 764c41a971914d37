// The receiver of the fleet's messages. The backplane calls it; CacheCore implements it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/clock.hpp"

namespace wx::cache {

// A process also receives the messages that it has published itself. Thread-safety: called on the I/O thread of the
// backplane; on_epoch() also on others.
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
  virtual void on_fill(const Fill& fill) = 0;
  virtual void on_fail(std::string_view key) = 0;
  virtual void on_purge(std::string_view key) = 0;
  // Applies an epoch that was read from Redis or announced. Returns the epoch that Redis should hold. If the result is
  // higher than an epoch read from Redis, Redis has lost its epoch, and the caller must restore it. If it is higher
  // than an announced epoch, the message may only be late, and the caller must read Redis's epoch first.
  virtual std::uint64_t on_epoch(std::uint64_t epoch) = 0;
  // The channel is subscribed, for the first time or again. Messages sent before may have been missed.
  virtual void on_listening() = 0;
  // The channel is lost; messages are missed from now on.
  virtual void on_disconnected() = 0;
};

}  // namespace wx::cache
