#include "open_meteo/budget.hpp"

#include <algorithm>

namespace wx::open_meteo {
namespace {

// By the steady clock a window ends late by up to 1/kDrift of its length, to allow for the drift between the clocks.
constexpr int kDrift = 100;

// Calls for this purpose stop when this many tenths of a limit are used.
std::uint64_t tenths(cache::Purpose purpose) {
  switch (purpose) {
    case cache::Purpose::early:
      return 8;
    case cache::Purpose::refresh:
      return 9;
    case cache::Purpose::cold:
    case cache::Purpose::revalidate:
      break;
  }
  return 10;
}

}  // namespace

std::int64_t window_number(Window window, WallTime wall) {
  const auto span = std::chrono::duration_cast<milliseconds>(length(window)).count();
  const auto since = wall.time_since_epoch().count();
  return since >= 0 ? since / span : -1 - (-1 - since) / span;
}

nanoseconds left_of(Window window, WallTime wall) {
  const auto end =
      WallTime((window_number(window, wall) + 1) * std::chrono::duration_cast<milliseconds>(length(window)));
  return end - wall;
}

bool stops(cache::Purpose purpose, std::uint64_t used, std::uint64_t limit) {
  return limit != 0 && used * 10 >= limit * tenths(purpose);
}

ThrottleLevel level_of(std::uint64_t used, std::uint64_t limit) {
  using cache::Purpose;
  if (stops(Purpose::cold, used, limit)) return ThrottleLevel::closed;
  if (stops(Purpose::refresh, used, limit)) return ThrottleLevel::no_refresh;
  if (stops(Purpose::early, used, limit)) return ThrottleLevel::no_early;
  return ThrottleLevel::open;
}

void keep_later(std::optional<Budget::Refusal>& refusal, Window window, nanoseconds retry_after) {
  if (!refusal || refusal->retry_after < retry_after) {
    refusal = Budget::Refusal{.window = window, .retry_after = retry_after};
  }
}

void Budget::roll(SteadyTime now, WallTime wall) {
  for (const Window window : kAllWindows) {
    Own& own = own_.at(static_cast<std::size_t>(window));
    const auto id = window_number(window, wall);
    if (own.id < id || now >= own.ends)
      own = {.id = id, .ends = now + left_of(window, wall) + nanoseconds(length(window)) / kDrift};
  }
}

Budget::Usage Budget::usage(Window window, SteadyTime now, WallTime wall) {
  roll(now, wall);
  const Own& own = own_.at(static_cast<std::size_t>(window));
  const nanoseconds by_steady = own.ends - now;
  return {.used = own.used,
          .limit = share_.of(window),
          .ends_in = own.id > window_number(window, wall) ? by_steady : std::min(by_steady, left_of(window, wall))};
}

std::optional<Budget::Refusal> Budget::check(Purpose purpose, SteadyTime now, WallTime wall) {
  std::optional<Refusal> refusal;
  for (const Window window : kAllWindows) {
    const Usage is = usage(window, now, wall);
    if (stops(purpose, is.used, is.limit)) keep_later(refusal, window, is.ends_in);
  }
  return refusal;
}

std::optional<Budget::Refusal> Budget::take(Purpose purpose, SteadyTime now, WallTime wall) {
  auto refusal = check(purpose, now, wall);
  if (refusal) return refusal;
  for (Own& own : own_) ++own.used;
  return std::nullopt;
}

ThrottleLevel Budget::throttle_level(SteadyTime now, WallTime wall) {
  auto level = ThrottleLevel::open;
  for (const Window window : kAllWindows) {
    const Usage is = usage(window, now, wall);
    level = std::max(level, level_of(is.used, is.limit));
  }
  return level;
}

}  // namespace wx::open_meteo
