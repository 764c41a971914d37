// The shared tier of one I/O thread with the process's staged outages (outage.hpp). During an outage, the tier is as
// unreachable for the keys of one prefix as behind an open breaker: every read, lease and write fails at once with
// redis_unavailable. An operation that is already under way ends as it would have.
//
// Purges pass: a purge that waited for the end of the outage could be lost with the process. All other keys pass, and
// so does what does not go through a RemoteTier (the budget, the messages of other processes). The breaker of Redis
// notices nothing, because no command fails.
//
// A lease that this process took before the outage is not released during it, and ends with its span, as in a real
// outage.
//
// Thread-safety: the I/O thread of the tier only.
#pragma once

#include <string_view>

#include "base/clock.hpp"
#include "cache/outage.hpp"
#include "cache/remote_tier.hpp"

namespace wx::cache {

class OutageTier final : public RemoteTier {
 public:
  // All arguments must outlive the object, the text of `prefix` included.
  OutageTier(RemoteTier& tier, Outage& outage, std::string_view prefix, const Clock& clock)
      : tier_(tier), outage_(outage), prefix_(prefix), clock_(clock) {}

  void read(std::string_view key, ReadCallback done) override;
  void take_lease(std::string_view key, std::string_view token, milliseconds span, LeaseCallback done) override;
  void look(std::string_view key, LeaseCallback done) override;
  void store(std::string_view key, const Entry& entry, bool release, DoneCallback done) override;
  void store_failure(std::string_view key, const FailureMemo& memo) override;
  void give_back(std::string_view key) override;
  void bury(std::string_view key, const Entry& tombstone, DoneCallback done) override;
  void forget_failure(std::string_view key, DoneCallback done) override;
  void announce_purge(std::string_view key, WallTime at, DoneCallback done) override;
  void put_back(std::string_view key, const Entry& entry) override;
  void raise_epoch(std::uint64_t ours, EpochCallback done) override;
  [[nodiscard]] bool holds_later_version(std::string_view key) const override;

 private:
  [[nodiscard]] bool unreachable(std::string_view key) { return outage_.is_on(clock_) && key.starts_with(prefix_); }

  RemoteTier& tier_;
  Outage& outage_;
  const std::string_view prefix_;
  const Clock& clock_;
};

}  // namespace wx::cache
