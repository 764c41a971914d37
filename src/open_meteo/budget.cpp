#include "open_meteo/budget.hpp"

#include <algorithm>
#include <utility>

#include "base/text.hpp"

namespace wx::open_meteo {
namespace {

std::int64_t id_of(Window window, WallTime wall) {
  const auto span = std::chrono::duration_cast<milliseconds>(length(window)).count();
  const auto since = wall.time_since_epoch().count();
  return since >= 0 ? since / span : -1 - (-1 - since) / span;
}

nanoseconds left_of(Window window, WallTime wall) {
  const auto end = WallTime((id_of(window, wall) + 1) * std::chrono::duration_cast<milliseconds>(length(window)));
  return end - wall;
}

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

bool stops(cache::Purpose purpose, std::uint64_t used, std::uint64_t limit) {
  return limit != 0 && used * 10 >= limit * tenths(purpose);
}

void keep_later(std::optional<Budget::Refusal>& refusal, Window window, nanoseconds retry_after) {
  if (!refusal || refusal->retry_after < retry_after) {
    refusal = Budget::Refusal{.window = window, .retry_after = retry_after};
  }
}

}  // namespace

void Budget::roll(SteadyTime now, WallTime wall) {
  for (const Window window : kAllWindows) {
    Own& own = own_.at(static_cast<std::size_t>(window));
    const auto id = id_of(window, wall);
    if (own.id < id || now >= own.ends)
      own = {.id = id, .ends = now + left_of(window, wall) + nanoseconds(length(window)) / kDrift};
  }
}

void Budget::count(SteadyTime now, WallTime wall) {
  roll(now, wall);
  for (Own& own : own_) ++own.used;
}

Budget::Usage Budget::usage(Window window, Counting counting, SteadyTime now, WallTime wall) {
  roll(now, wall);
  const auto w = static_cast<std::size_t>(window);
  const Own& own = own_.at(w);
  const Known& known = known_.at(w);
  const auto id = id_of(window, wall);
  const nanoseconds by_steady = own.ends - now;
  const nanoseconds by_wall = left_of(window, wall);
  Usage usage{.used = own.used,
              .limit = limits(counting).of(window),
              .ends_in = own.id > id ? by_steady : std::min(by_steady, by_wall)};
  // When counting alone, the fleet's known calls are scaled down from the whole limit to this process's share.
  if (known.id == id && whole_.of(window) != 0) {
    const auto part = known.used * usage.limit / whole_.of(window) + known.alone;
    if (part >= usage.used)
      usage = {.used = static_cast<std::uint32_t>(part), .limit = usage.limit, .ends_in = by_wall};
  }
  return usage;
}

std::optional<Budget::Refusal> Budget::check(Purpose purpose, Counting counting, SteadyTime now, WallTime wall) {
  std::optional<Refusal> refusal;
  for (const Window window : kAllWindows) {
    const Usage is = usage(window, counting, now, wall);
    if (stops(purpose, is.used, is.limit)) keep_later(refusal, window, is.ends_in);
  }
  return refusal;
}

std::optional<Budget::Refusal> Budget::take_alone(Purpose purpose, SteadyTime now, WallTime wall) {
  auto refusal = check(purpose, Counting::alone, now, wall);
  if (refusal) return refusal;
  count(now, wall);
  for (const Window window : kAllWindows) {
    Known& known = known_.at(static_cast<std::size_t>(window));
    const auto id = id_of(window, wall);
    if (known.id == id) ++known.alone;
    Owed& owed = owed_.at(static_cast<std::size_t>(window));
    if (owed.id != id) owed = {id, 0};
    ++owed.calls;
  }
  return std::nullopt;
}

Budget::FleetTake Budget::ask_fleet(WallTime wall) {
  FleetTake take;
  for (const Window window : kAllWindows) {
    const auto w = static_cast<std::size_t>(window);
    take.ids.at(w) = id_of(window, wall);
    if (whole_.of(window) == 0) continue;
    Owed& owed = owed_.at(w);
    const auto calls = owed.id == take.ids.at(w) ? std::exchange(owed.calls, 0) : 0;
    take.windows.push_back(
        {.key_suffix = cat(letter(window), ':', take.ids.at(w)), .expires_after = 2 * length(window), .owed = calls});
  }
  return take;
}

void Budget::not_counted(const FleetTake& asked) {
  std::size_t i = 0;
  for (const Window window : kAllWindows) {
    const auto w = static_cast<std::size_t>(window);
    if (whole_.of(window) == 0) continue;
    const auto calls = asked.windows.at(i++).owed;
    Owed& owed = owed_.at(w);
    if (owed.id < asked.ids.at(w)) owed = {.id = asked.ids.at(w)};
    if (owed.id == asked.ids.at(w)) owed.calls += calls;
  }
}

std::optional<Budget::Refusal> Budget::take_with_fleet(Purpose purpose, const FleetTake& asked,
                                                       std::span<const std::int64_t> counts, SteadyTime now,
                                                       WallTime wall) {
  std::optional<Refusal> refusal;
  std::array<std::int64_t, kWindows> seen{};
  std::size_t i = 0;
  for (const Window window : kAllWindows) {
    const auto w = static_cast<std::size_t>(window);
    if (whole_.of(window) == 0) continue;
    const Known& known = known_.at(w);
    seen.at(w) = std::max<std::int64_t>(counts[i++], known.id == asked.ids.at(w) ? known.used + known.alone + 1 : 1);
    const auto used_before = std::min<std::int64_t>(seen.at(w) - 1, whole_.of(window));
    if (stops(purpose, static_cast<std::uint64_t>(used_before), whole_.of(window))) {
      keep_later(refusal, window, left_of(window, wall));
    }
  }
  for (const Window window : kAllWindows) {
    const auto w = static_cast<std::size_t>(window);
    Known& known = known_.at(w);
    // A reply for a later window may have arrived first.
    if (whole_.of(window) == 0 || known.id > asked.ids.at(w)) continue;
    // The caller subtracts a refused call from the counters again.
    known = {.id = asked.ids.at(w), .used = std::min<std::int64_t>(seen.at(w) - (refusal ? 1 : 0), whole_.of(window))};
  }
  if (refusal) return refusal;
  count(now, wall);
  return std::nullopt;
}

ThrottleLevel Budget::throttle_level(Counting counting, SteadyTime now, WallTime wall) {
  auto level = ThrottleLevel::open;
  for (const Window window : kAllWindows) {
    const Usage is = usage(window, counting, now, wall);
    if (stops(Purpose::early, is.used, is.limit)) level = std::max(level, ThrottleLevel::no_early);
    if (stops(Purpose::refresh, is.used, is.limit)) level = std::max(level, ThrottleLevel::no_refresh);
    if (stops(Purpose::cold, is.used, is.limit)) level = ThrottleLevel::closed;
  }
  return level;
}

}  // namespace wx::open_meteo
