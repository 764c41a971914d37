// The epoch's key in Redis. A purge of everything raises it, which makes every stored value with a lower epoch a miss.
// The rules by which a process judges the key are in epoch.hpp. `ours` is this process's epoch. Each change is
// announced to the fleet.
//
//   read     GET <epoch>
//   raise    SET <epoch> <ours> NX, INCRBY <epoch> <random>; if that is not above ours, INCRBY <epoch> <difference +
//            random>; if the key holds no number of ours, SET <epoch> <ours + random>
//   restore  SET <epoch> <ours> NX, GET <epoch>; raise if that is lower than ours; SET <epoch> <ours> if it is no
//   number
//
// The step of a raise is random, from 1 to 2^20. Otherwise two purges could get the same number: one that a failover
// loses, and the next one.
//
// Thread-safety: the I/O thread of the client only. Callbacks are called exactly once, possibly before the function
// returns.
#pragma once

#include <string>
#include <string_view>

#include "base/random.hpp"
#include "cache/epoch.hpp"
#include "cache/remote_tier.hpp"
#include "redis/client.hpp"

namespace wx::cache {

class RedisEpoch {
 public:
  using Callback = RemoteTier::EpochCallback;
  using KeyCallback = std::move_only_function<void(Result<EpochKey>)>;

  // `client` must outlive this object and must be stopped before this object is destroyed.
  RedisEpoch(redis::Client& client, std::string_view prefix);

  // Reads the key. A key of another type holds garbage.
  void read(KeyCallback done);

  // Raises the epoch above `ours` and announces it (see RemoteTier::raise_epoch). Fails at once while the
  // client's breaker is open.
  void raise(std::uint64_t ours, Callback done);

  // Call it when Redis has lost the epoch, or holds no number of ours in its place. Sets it to `ours`, so no entry is
  // purged, unless another process was faster. Announces the result. `done` receives the epoch that Redis holds
  // afterwards, which is at least `ours`.
  void restore(std::uint64_t ours, Callback done);

 private:
  [[nodiscard]] std::uint64_t step();
  // Handles the reply to INCRBY. `again`: an INCRBY may follow.
  void on_raised(std::uint64_t ours, bool again, Result<redis::Reply> reply, Callback done);
  void overwrite(std::uint64_t epoch, Callback done);
  void publish(std::uint64_t epoch, Callback done);

  redis::Client& client_;
  const std::string key_;
  const std::string channel_;
  Random random_{random_seed()};
};

}  // namespace wx::cache
