// The fleet's epoch in Redis. An entry of a lower epoch than the one in force counts as purged, so raising the epoch
// purges everything.
//
//   raise    SET <epoch> <ours> NX, INCR <epoch>; if that is still not above ours, INCRBY <epoch> <difference>
//   restore  SET <epoch> <ours> NX, GET <epoch>
//
// Thread: everything on the I/O thread of the client. Callbacks are called exactly once, possibly from within the call.
#pragma once

#include <string>
#include <string_view>

#include "cache/remote_tier.hpp"
#include "redis/client.hpp"

namespace wx::cache {

class RedisEpoch {
 public:
  using Callback = RemoteTier::EpochCallback;

  // `client` must outlive this and be stopped before this is destroyed.
  RedisEpoch(redis::Client& client, std::string_view prefix);

  // Raises the epoch above `ours` and tells the fleet (RemoteTier::raise_epoch). Respects the breaker.
  void raise(std::uint64_t ours, Callback done);

  // The epoch as Redis holds it; 0 if it holds none.
  void read(Callback done);

  // Call this when Redis holds an epoch below `ours`; gives what Redis holds afterwards. The epoch is never lowered.
  // If Redis has lost the epoch (a flush, a restart without data), it gets ours back, and nothing becomes a miss. If
  // Redis holds a lower one, that was raised after the loss or comes from an older copy of the data: some processes
  // have missed a purge, and so the epoch is raised above ours.
  void restore(std::uint64_t ours, Callback done);

 private:
  void publish(std::uint64_t epoch, Callback done);

  redis::Client& client_;
  const std::string key_;
  const std::string channel_;
};

}  // namespace wx::cache
