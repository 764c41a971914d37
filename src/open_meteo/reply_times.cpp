#include "open_meteo/reply_times.hpp"

#include <algorithm>

namespace wx::open_meteo {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;

// A clock that differs from ours by more is not believed without more ado.
constexpr milliseconds kBelievable = std::chrono::hours(24);

// The provider's time when the reply was received, if its date is right.
std::optional<sys_seconds> provider_time(const Reply& reply) {
  if (!reply.date) return std::nullopt;
  return *reply.date + reply.age.value_or(seconds(0));
}

}  // namespace

std::optional<milliseconds> clock_ahead(const Reply& reply, WallTime sent, WallTime received) {
  const auto theirs = provider_time(reply);
  if (!theirs) return std::nullopt;
  const WallTime earliest = *theirs;
  const WallTime latest = *theirs + seconds(1);
  if (earliest > received) return earliest - received;
  if (latest < sent) return latest - sent;
  return milliseconds(0);
}

std::optional<milliseconds> pause_asked(const Reply& reply, WallTime received) {
  if (!reply.retry_after) return std::nullopt;
  constexpr milliseconds kNone{0};
  if (const auto* const wait = std::get_if<seconds>(&*reply.retry_after)) {
    return std::clamp<milliseconds>(*wait, kNone, kLongestAskedPause);
  }
  const WallTime end = std::get<sys_seconds>(*reply.retry_after);
  WallTime now = received;
  if (const auto theirs = provider_time(reply)) {
    const WallTime there = *theirs;
    const bool together = end >= there && end - there <= kLongestAskedPause;
    if (together || std::chrono::abs(there - received) <= kBelievable) now = there;
  }
  return std::clamp(end - now, kNone, kLongestAskedPause);
}

}  // namespace wx::open_meteo
