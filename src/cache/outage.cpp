#include "cache/outage.hpp"

#include <algorithm>

namespace wx::cache {
namespace {

nanoseconds::rep ns_of(SteadyTime time) {
  return time.time_since_epoch().count();
}

}  // namespace

std::optional<nanoseconds> Outage::begin(SteadyTime now) {
  auto next = next_.load();
  do {
    if (ns_of(now) < next) return nanoseconds(next - ns_of(now));
  } while (!next_.compare_exchange_weak(next, ns_of(now + kInterval)));
  until_ = ns_of(now + kSpan);
  return std::nullopt;
}

bool Outage::is_on(nanoseconds::rep until, SteadyTime now) {
  if (ns_of(now) < until) return true;
  until_.compare_exchange_strong(until, kNone);  // not if the next outage has begun meanwhile
  return false;
}

nanoseconds Outage::left(SteadyTime now) const {
  const auto until = until_.load(std::memory_order_relaxed);
  return nanoseconds(until == kNone ? 0 : std::max<nanoseconds::rep>(until - ns_of(now), 0));
}

}  // namespace wx::cache
