#include "open_meteo/shared_budget.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace wx::open_meteo {
namespace {

constexpr std::int64_t kCall = 1000;  // in thousandths
constexpr nanoseconds kBoundary = std::chrono::seconds(2);
// A process is at work if its totals have grown within this time.
constexpr nanoseconds kLive = std::chrono::minutes(5);
// See watch().
constexpr nanoseconds kBusy = std::chrono::minutes(10);
constexpr nanoseconds kIdleInterval = std::chrono::minutes(5);
constexpr nanoseconds kLookAtPlain = std::chrono::seconds(29);

// Calls `visit` with each window that a call at this time counts in: its number, and the time until the window no
// longer refuses such calls.
template <class Visit>
void for_each_concerned(Window window, WallTime wall, Visit visit) {
  const auto number = window_number(window, wall);
  const nanoseconds left = left_of(window, wall);
  const nanoseconds since = length(window) - left;
  visit(number, left + kBoundary);
  if (left <= kBoundary) visit(number + 1, left + length(window) + kBoundary);
  if (since < kBoundary) visit(number - 1, kBoundary - since);
}

std::uint32_t in_calls(std::int64_t amount) {
  return static_cast<std::uint32_t>((std::max<std::int64_t>(amount, 0) + kCall - 1) / kCall);
}

// The use of the whole fleet if every process that counts alone uses as much as this one.
std::int64_t used_alone(const WindowLedger& ledger, std::int64_t own, std::int64_t sharers) {
  const auto known = ledger.others() + ledger.confirmed();
  return known + std::max<std::int64_t>(own - ledger.confirmed(), 0) * sharers;
}

}  // namespace

void SharedBudget::roll(WallTime wall) {
  for (const Window window : kAllWindows) {
    const auto number = window_number(window, wall);
    std::erase_if(ledgers_.at(static_cast<std::size_t>(window)), [number](const Numbered& numbered) {
      return numbered.number < number - 1 || numbered.number > number + 1;
    });
  }
}

SharedBudget::Numbered* SharedBudget::numbered(Window window, std::int64_t number) {
  auto& ledgers = ledgers_.at(static_cast<std::size_t>(window));
  const auto at = std::ranges::find(ledgers, number, &Numbered::number);
  return at == ledgers.end() ? nullptr : &*at;
}

const SharedBudget::Numbered* SharedBudget::numbered(Window window, std::int64_t number) const {
  const auto& ledgers = ledgers_.at(static_cast<std::size_t>(window));
  const auto at = std::ranges::find(ledgers, number, &Numbered::number);
  return at == ledgers.end() ? nullptr : &*at;
}

const WindowLedger* SharedBudget::find(Window window, std::int64_t number) const {
  const auto* const known = numbered(window, number);
  return known == nullptr ? nullptr : &known->ledger;
}

WindowLedger* SharedBudget::find(Window window, std::int64_t number) {
  auto* const known = numbered(window, number);
  return known == nullptr ? nullptr : &known->ledger;
}

WindowLedger& SharedBudget::at(Window window, std::int64_t number) {
  if (auto* const ledger = find(window, number)) return *ledger;
  auto& ledgers = ledgers_.at(static_cast<std::size_t>(window));
  const auto first = length(window) <= kLive ? WindowLedger::AtFirstLook::at_work : WindowLedger::AtFirstLook::unknown;
  return ledgers
      .emplace_back(Numbered{.number = number, .ledger = WindowLedger(id_, first), .heard = false, .outage = {}})
      .ledger;
}

std::uint64_t SharedBudget::limit_of(Window window) const {
  return static_cast<std::uint64_t>(limits_.of(window)) * kCall;
}

std::int64_t SharedBudget::at_work(SteadyTime now) const {
  std::size_t live = 1;
  for (const auto& ledgers : ledgers_) {
    for (const auto& numbered : ledgers) live = std::max(live, numbered.ledger.live(now - kLive));
  }
  return static_cast<std::int64_t>(live);
}

std::int64_t SharedBudget::sharers(SteadyTime now) const {
  return std::max<std::int64_t>(at_work(now), fleet_size_);
}

std::optional<Budget::Refusal> SharedBudget::check(Purpose purpose, WallTime wall) const {
  std::optional<Refusal> refusal;
  for (const Window window : kAllWindows) {
    for_each_concerned(window, wall, [&](std::int64_t number, nanoseconds wait) {
      const auto* const ledger = find(window, number);
      if (ledger == nullptr) return;
      if (stops(purpose, static_cast<std::uint64_t>(ledger->used()), limit_of(window))) {
        keep_later(refusal, window, wait);
      }
    });
  }
  return refusal;
}

SharedBudget::Parts SharedBudget::reserve(SteadyTime now, WallTime wall) {
  called_at_ = now;
  roll(wall);
  Parts parts;
  parts.reserve(kWindows);
  for (const Window window : kAllWindows) {
    if (limits_.of(window) == 0) continue;
    for_each_concerned(window, wall, [&](std::int64_t number, nanoseconds) {
      auto& ledger = at(window, number);
      ledger.spend(kCall);
      parts.push_back({.window = window, .number = number, .own = ledger.own()});
    });
  }
  return parts;
}

SharedBudget::Parts SharedBudget::watch(Watch why, SteadyTime now, WallTime wall) {
  const bool busy = called_at_ && now - *called_at_ < kBusy;
  const bool due = why == Watch::connected || busy || !watched_at_ || now - *watched_at_ >= kIdleInterval;
  if (!due) return {};
  watched_at_ = now;
  roll(wall);
  Parts parts;
  for (const Window window : kAllWindows) {
    if (limits_.of(window) == 0) continue;
    const auto number = window_number(window, wall);
    const auto& ledger = at(window, number);
    if (why == Watch::connected) note_outage(*numbered(window, number), now);
    if (why == Watch::connected || ledger.used() > 0) {
      parts.push_back({.window = window, .number = number, .own = ledger.own()});
    }
  }
  return parts;
}

std::vector<FleetWindow> SharedBudget::to_exchange(const Parts& parts, SteadyTime now, Expire expire) {
  const bool look = plain_seen_ || !plain_looked_at_ || now - *plain_looked_at_ >= kLookAtPlain;
  if (look) plain_looked_at_ = now;
  std::vector<FleetWindow> windows;
  windows.reserve(parts.size());
  for (const auto& part : parts) {
    const auto* const known = numbered(part.window, part.number);
    windows.push_back({.name = cat(name(part.window), ':', part.number),
                       .plain_name = look ? cat(letter(part.window), ':', part.number) : std::string(),
                       .expires_after = 2 * length(part.window),
                       .write = known == nullptr ? std::vector<FleetTotals>() : known->ledger.to_write(),
                       .expire = expire == Expire::always || (known != nullptr && !known->heard)});
  }
  return windows;
}

void SharedBudget::merge(const Parts& parts, const FleetBudget::Counts& counts, SteadyTime now) {
  for (std::size_t i = 0; i < parts.size(); ++i) {
    auto* const known = numbered(parts[i].window, parts[i].number);
    if (known == nullptr) continue;  // the window is long over
    known->heard = heard_ever_ = true;
    if (known->outage && !known->outage->until) known->outage->until = now + kReturn;
    auto* const ledger = &known->ledger;
    const auto& [totals, plain] = counts[i];
    ledger->merge(totals, now);
    ledger->confirm(parts[i].own);
    if (plain <= 0) continue;
    plain_seen_ = true;
    ledger->merge_plain(std::min(plain, WindowLedger::kMost / kCall) * kCall);
  }
}

SharedBudget::Parts SharedBudget::lacking(const Parts& parts) const {
  Parts lacking;
  for (const auto& [window, number, own] : parts) {
    const auto* const ledger = find(window, number);
    if (ledger == nullptr || !ledger->store_lacks()) continue;
    lacking.push_back({.window = window, .number = number, .own = ledger->own()});
  }
  return lacking;
}

template <class Refuses>
std::optional<Budget::Refusal> SharedBudget::decide(const Parts& parts, WallTime wall,
                                                    const std::optional<Refusal>& otherwise, Refuses refuses) {
  std::optional<Refusal> refusal;
  for (const auto& part : parts) {
    const auto* const ledger = find(part.window, part.number);
    if (ledger == nullptr || !refuses(*ledger, part, limit_of(part.window))) continue;
    for_each_concerned(part.window, wall, [&](std::int64_t number, nanoseconds wait) {
      if (number == part.number) keep_later(refusal, part.window, wait);
    });
    if (!refusal) keep_later(refusal, part.window, nanoseconds(0));  // the window has ended meanwhile
  }
  if (!refusal) refusal = otherwise;
  if (refusal) {
    give_back(parts);
  } else {
    count_unlimited(wall);
  }
  return refusal;
}

void SharedBudget::note_outage(Numbered& numbered, SteadyTime now) const {
  auto& before = numbered.outage;
  if (!heard_ever_ || (before && !before->until)) return;
  if (before && now < *before->until) {
    before->until.reset();  // it goes on
    return;
  }
  const auto confirmed = numbered.ledger.confirmed();
  numbered.outage = Outage{.known = numbered.ledger.others() + confirmed, .confirmed = confirmed, .until = {}};
}

std::optional<Budget::Refusal> SharedBudget::leave_parts(const Parts& parts, Counting counting, SteadyTime now) const {
  std::optional<Refusal> refusal;
  for (const auto& part : parts) {
    const auto* const known = numbered(part.window, part.number);
    if (known == nullptr || !known->outage) continue;
    const auto& outage = *known->outage;
    const auto until = outage.until.value_or(now + kReturn);
    if (now >= until) continue;
    const auto limit = static_cast<std::int64_t>(limit_of(part.window));
    const auto left = std::max<std::int64_t>(limit - outage.known, 0);
    const auto since = std::max<std::int64_t>(part.own - outage.confirmed, 0);
    const auto of_one = left / sharers(now);
    const auto allowed = counting == Counting::alone ? of_one : left - (at_work(now) - 1) * of_one;
    if (since > allowed) keep_later(refusal, part.window, until - now);
  }
  return refusal;
}

std::optional<Budget::Refusal> SharedBudget::settle(Purpose purpose, const Parts& parts, SteadyTime now,
                                                    WallTime wall) {
  return decide(parts, wall, leave_parts(parts, Counting::fleet, now),
                [purpose](const WindowLedger& ledger, const Part& part, std::uint64_t limit) {
                  return stops(purpose, static_cast<std::uint64_t>(ledger.others() + part.own - kCall), limit);
                });
}

std::optional<Budget::Refusal> SharedBudget::settle_alone(Purpose purpose, const Parts& parts, Silence why,
                                                          SteadyTime now, WallTime wall) {
  for (const auto& part : parts) {
    auto* const known = numbered(part.window, part.number);
    if (known != nullptr && why == Silence::outage) note_outage(*known, now);
  }
  return decide(parts, wall, leave_parts(parts, Counting::alone, now),
                [purpose, processes = sharers(now)](const WindowLedger& ledger, const Part& part, std::uint64_t limit) {
                  const auto before = static_cast<std::uint64_t>(used_alone(ledger, part.own - kCall, processes));
                  const auto after = static_cast<std::uint64_t>(used_alone(ledger, part.own, processes));
                  return stops(purpose, before, limit) || after > limit;
                });
}

// For the gauges.
void SharedBudget::count_unlimited(WallTime wall) {
  for (const Window window : kAllWindows) {
    if (limits_.of(window) == 0) at(window, window_number(window, wall)).spend(kCall);
  }
}

void SharedBudget::give_back(const Parts& parts) {
  for (const auto& part : parts) {
    if (auto* const ledger = find(part.window, part.number)) ledger->give_back(kCall);
  }
}

Budget::Usage SharedBudget::usage(Window window, Counting counting, SteadyTime now, WallTime wall) const {
  const auto limit = limits_.of(window);
  Usage usage{.used = 0, .limit = limit, .ends_in = left_of(window, wall)};
  const auto processes = counting == Counting::alone ? sharers(now) : 1;
  if (limit != 0) usage.limit = std::max<std::uint32_t>(limit / static_cast<std::uint32_t>(processes), 1);
  const auto* const ledger = find(window, window_number(window, wall));
  if (ledger == nullptr) return usage;
  // Counting alone, the numbers are scaled down to one process's part.
  const auto used = counting == Counting::alone
                        ? (used_alone(*ledger, ledger->own(), processes) + processes - 1) / processes
                        : ledger->used();
  usage.used = limit == 0 ? in_calls(used) : std::min(in_calls(used), usage.limit);
  return usage;
}

ThrottleLevel SharedBudget::throttle_level(Counting counting, SteadyTime now, WallTime wall) const {
  auto level = ThrottleLevel::open;
  for (const Window window : kAllWindows) {
    const Usage is = usage(window, counting, now, wall);
    level = std::max(level, level_of(is.used, is.limit));
  }
  return level;
}

}  // namespace wx::open_meteo
