// The fleet's epoch in Redis. Entries of any other epoch count as purged, so raising the epoch purges everything.
// `ours` is this process's epoch. Each change is announced to the fleet.
//
//   raise    SET <epoch> <ours> NX, INCR <epoch>; if that is still not above ours, INCRBY <epoch> <difference>
//   restore  SET <epoch> <ours> NX, GET <epoch>
//
// Thread-safety: the I/O thread of the client only. Callbacks are called exactly once, possibly before the function
// returns.
#pragma once

#include <string>
#include <string_view>

#include "cache/remote_tier.hpp"
#include "redis/client.hpp"

namespace wx::cache {

class RedisEpoch {
 public:
  using Callback = RemoteTier::EpochCallback;

  // `client` must outlive this object and must be stopped before this object is destroyed.
  RedisEpoch(redis::Client& client, std::string_view prefix);

  // Raises the epoch above `ours` and announces it (see RemoteTier::raise_epoch). Fails at once while the
  // client's breaker is open.
  void raise(std::uint64_t ours, Callback done);

  // Reads the epoch from Redis; 0 if Redis holds none.
  void read(Callback done);

  // Call it when Redis holds an epoch lower than `ours`. Announces the result. `done` receives the epoch that Redis
  // holds afterwards, which is never lower than before. If Redis has lost the epoch (a flush, a restart without data),
  // it is set to `ours`, and no entry is purged. If Redis holds a lower epoch, either it was raised after a loss or
  // Redis runs on older data. Some processes have then missed a purge, so the epoch is raised above `ours`.
  void restore(std::uint64_t ours, Callback done);

 private:
  void publish(std::uint64_t epoch, Callback done);

  redis::Client& client_;
  const std::string key_;
  const std::string channel_;
};

}  // namespace wx::cache
