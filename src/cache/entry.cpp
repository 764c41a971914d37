#include "cache/entry.hpp"

#include <algorithm>

#include "base/random.hpp"

namespace wx::cache {

Copy make_copy(EntryPtr entry, const Moment& now) {
  // In milliseconds, because nanoseconds overflow for some times that the codec accepts. An age above the total of the
  // spans makes no difference.
  milliseconds age = now.wall - entry->stored_at;
  if (is_ahead(entry->stored_at, now.wall)) age = entry->spans.fresh_for;
  age = std::clamp(age, milliseconds(0), entry->spans.total());
  return {std::move(entry), now.steady - age};
}

bool stored_until(const Copy& copy, const Moment& moment) {
  const auto stored_at = copy.entry->stored_at;
  const auto by_age = moment.wall + std::chrono::floor<milliseconds>(copy.born - moment.steady);
  const bool wrong_date = std::chrono::abs(by_age - stored_at) > kClockTolerance;
  return wrong_date ? copy.born <= moment.steady : stored_at <= moment.wall;
}

Entry make_tombstone(WallTime purged_at, milliseconds span) {
  Entry tombstone;
  tombstone.stored_at = purged_at;
  tombstone.spans.keep_for = span;
  tombstone.kind = EntryKind::tombstone;
  return tombstone;
}

nanoseconds early_refresh_age(const Entry& entry, double part, std::uint64_t key_hash) {
  const nanoseconds fresh = entry.spans.fresh_for;
  if (!entry.early_refresh || part >= 1.0) return fresh;
  const double spread = 0.9 + 0.2 * fraction_of(key_hash);
  const auto age = nanoseconds(static_cast<nanoseconds::rep>(static_cast<double>(fresh.count()) * part * spread));
  return std::min(age, fresh);
}

}  // namespace wx::cache
