#include "cache/outage_tier.hpp"

#include <utility>

namespace wx::cache {

void OutageTier::read(std::string_view key, ReadCallback done) {
  if (unreachable(key)) return done(fail(ErrorKind::redis_unavailable));
  tier_.read(key, std::move(done));
}

void OutageTier::take_lease(std::string_view key, std::string_view token, milliseconds span, LeaseCallback done) {
  if (unreachable(key)) return done(fail(ErrorKind::redis_unavailable));
  tier_.take_lease(key, token, span, std::move(done));
}

void OutageTier::look(std::string_view key, LeaseCallback done) {
  if (unreachable(key)) return done(fail(ErrorKind::redis_unavailable));
  tier_.look(key, std::move(done));
}

void OutageTier::store(std::string_view key, const Entry& entry, bool release, DoneCallback done) {
  if (unreachable(key)) return done(fail(ErrorKind::redis_unavailable));
  tier_.store(key, entry, release, std::move(done));
}

void OutageTier::store_failure(std::string_view key, const FailureMemo& memo) {
  if (!unreachable(key)) tier_.store_failure(key, memo);
}

void OutageTier::give_back(std::string_view key) {
  if (!unreachable(key)) tier_.give_back(key);
}

void OutageTier::put_back(std::string_view key, const Entry& entry) {
  if (!unreachable(key)) tier_.put_back(key, entry);
}

// --- purges pass ---

void OutageTier::bury(std::string_view key, const Entry& tombstone, DoneCallback done) {
  tier_.bury(key, tombstone, std::move(done));
}

void OutageTier::forget_failure(std::string_view key, DoneCallback done) {
  tier_.forget_failure(key, std::move(done));
}

void OutageTier::announce_purge(std::string_view key, WallTime at, DoneCallback done) {
  tier_.announce_purge(key, at, std::move(done));
}

void OutageTier::raise_epoch(std::uint64_t ours, EpochCallback done) {
  tier_.raise_epoch(ours, std::move(done));
}

bool OutageTier::holds_later_version(std::string_view key) const {
  return tier_.holds_later_version(key);
}

}  // namespace wx::cache
