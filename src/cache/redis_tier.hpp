// The shared tier over Redis: one value per key (codec.hpp), one lease per key, and messages on one channel. No Lua, no
// polling, nothing that a cluster could not do.
//
//   value    SET <key> <entry> PX <its spans>                 GET <key>
//   lease    SET <lease> <token> NX PX <span>                 DEL <lease>, only while our own clock says it is ours
//   failure  SET <lease> fail:<kind>:<count> XX PX <memo>
//   epoch    SET <epoch> <ours> NX, INCR <epoch>; where that is still not above ours, INCRBY <epoch> <difference>
//
// Thread: everything on the I/O thread of the client.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/executor.hpp"
#include "base/random.hpp"
#include "redis/breaker.hpp"
#include "cache/remote_tier.hpp"
#include "observability/log.hpp"
#include "observability/metrics.hpp"
#include "redis/client.hpp"

namespace wx::cache {

class RedisTier final : public RemoteTier {
 public:
  // `prefix` goes before every key (CACHE_PREFIX). All references must outlive the tier, but the client must be stopped
  // before the tier is destroyed: its commands under way answer to the tier.
  RedisTier(redis::Client& client, Executor& executor, std::string prefix, const Clock& clock,
            observability::Metrics& metrics, observability::Log& log);
  ~RedisTier() override;

  void read(std::string_view key, ReadCallback done) override;
  void take_lease(std::string_view key, std::string_view token, milliseconds span, LeaseCallback done) override;
  void look(std::string_view key, LeaseCallback done) override;
  void store(std::string_view key, const Entry& entry, bool release, DoneCallback done) override;
  void store_failure(std::string_view key, const FailureMemo& memo) override;
  void give_back(std::string_view key) override;
  void erase(std::string_view key, DoneCallback done) override;
  void raise_epoch(std::uint64_t ours, EpochCallback done) override;

  // The epoch as Redis holds it; 0 if it holds none.
  void read_epoch(EpochCallback done);
  // Redis has been seen with an epoch below `ours`. One that it has lost as a whole (a flush, a restart without data)
  // is given back to it as it was, which makes nothing a miss. One that it holds has been raised since, or is that of
  // an older copy of the data: a purge that not everybody has heard of, and so it is raised above ours. It is never
  // lowered. Gives what Redis holds then.
  void restore_epoch(std::uint64_t ours, EpochCallback done);

  // To be called when the client has a connection: an open breaker need not wait any longer with its probe.
  void connected();

  // From any thread.
  [[nodiscard]] bool breaker_open() const { return open_.load(std::memory_order_relaxed); }

 private:
  [[nodiscard]] std::optional<Entry> entry_of(const redis::Reply& reply);
  void tell_epoch(std::uint64_t epoch, EpochCallback done);
  // A lease that was asked for and never heard of: given back if it turns out to be ours.
  void give_back_if_ours(std::string lease, std::string token, SteadyTime until);
  // What became of a command: null for a reply.
  void record(const Error* error);
  void note_refused(const Error& error);
  void note_accepted();
  void wait_for_probe(nanoseconds wait);
  void probe();
  [[nodiscard]] bool refused() const { return !breaker_.allows(); }

  redis::Client& client_;
  Executor& executor_;
  const std::string prefix_;
  const Clock& clock_;
  observability::Metrics& metrics_;
  observability::Log& log_;
  Breaker breaker_{BreakerOptions{}};
  Random random_{random_seed()};
  std::unique_ptr<Timer> probe_timer_;
  std::atomic<bool> open_{false};
  bool refused_before_ = false;  // a command, and no write was taken since
  std::string key_;              // reused
  std::string value_;            // reused
};

}  // namespace wx::cache
