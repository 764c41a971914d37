#include "open_meteo/admission.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "base/text.hpp"

namespace wx::open_meteo {
namespace {

using namespace std::chrono_literals;
using observability::Counter;

// The pause before a second attempt is random between the first two values. The attempt is made only if kLeastTime
// remains after the pause.
constexpr nanoseconds kShortestPause = 50ms;
constexpr nanoseconds kLongestPause = 250ms;
constexpr nanoseconds kLeastTime = 250ms;

Limits checked_share(const OpenMeteoOptions& options) {
  const auto share = share_of(options.limits, options.fleet_size);
  if (!share) throw std::invalid_argument(share.error().detail);
  return *share;
}

BreakerOptions breaker_options(const OpenMeteoOptions& options) {
  auto breaker = options.breaker;
  breaker.slow = std::chrono::duration_cast<nanoseconds>(
      std::chrono::duration<double, std::nano>(options.upstream_timeout) * options.slow_part);
  return breaker;
}

bool is_worth_a_retry(const Error& fault) {
  if (fault.kind == ErrorKind::provider_unreachable) return true;
  const int status = fault.provider_status;
  return fault.kind == ErrorKind::provider_error && (status == 502 || status == 503 || status == 504);
}

// With twelve digits, two of a hundred processes have the same id one time in 10^10.
constexpr std::size_t kIdDigits = 12;

bool waits_for_probe(cache::Purpose purpose, const ProviderBreaker::Refusal& refusal) {
  return refusal.probing && purpose == cache::Purpose::cold;
}

}  // namespace

Admission::Admission(const OpenMeteoOptions& options, Random random, observability::Metrics& metrics,
                     observability::Log& log)
    : metrics_(metrics),
      off_(options.limits.off()),
      limits_(options.limits),
      fleet_size_(options.fleet_size),
      random_(random),
      breaker_(breaker_options(options), Random(random_.next())),
      budget_(checked_share(options)),
      retries_(options.retries),
      changes_(log) {}

void Admission::join_fleet() {
  const Lock lock(mutex_);
  shared_.emplace(limits_, fleet_size_, random_hex(random_, kIdDigits));
  fleet_ = true;
}

Error Admission::shed(const ProviderBreaker::Refusal& refusal) {
  metrics_.add(refusal.limited ? Counter::provider_shed_limited : Counter::provider_shed_breaker);
  std::string_view why = "calls are paused after repeated failures";
  if (refusal.limited) {
    why = refusal.kind == ErrorKind::provider_limited ? "the provider limits this service"
                                                      : "the provider has asked for a pause";
  }
  return {.kind = refusal.kind,
          .detail = std::string(why),
          .retry_after = std::chrono::ceil<milliseconds>(refusal.retry_after)};
}

Error Admission::shed(const Budget::Refusal& refusal) {
  metrics_.add(Counter::provider_shed_budget);
  return {.kind = ErrorKind::provider_limited,
          .detail = cat("the budget of calls for this ", name(refusal.window), " is used up"),
          .retry_after = std::chrono::ceil<milliseconds>(refusal.retry_after)};
}

std::optional<Error> Admission::refusal(Purpose purpose, const Instant& now) {
  const auto free = breaker_.check(now.steady);
  if (!free && !waits_for_probe(purpose, free.error())) return shed(free.error());
  if (off_) return std::nullopt;
  const auto refused = shared_ ? shared_->check(purpose, now.wall) : budget_.check(purpose, now.steady, now.wall);
  if (refused) return shed(*refused);
  return std::nullopt;
}

std::optional<Error> Admission::check_pause(const Instant& now) {
  const Lock lock(mutex_);
  if (breaker_.state(now.steady) != ProviderBreaker::State::limited) return std::nullopt;
  return shed(breaker_.check(now.steady).error());
}

std::optional<Error> Admission::check(Purpose purpose, const Instant& now) {
  const Lock lock(mutex_);
  log_changes(now);
  return refusal(purpose, now);
}

Result<std::optional<ProviderBreaker::Pass>> Admission::enter(Purpose purpose, const Instant& now) {
  const Lock lock(mutex_);
  if (auto refused = refusal(purpose, now)) return std::unexpected(*std::move(refused));
  const auto pass = breaker_.enter(now.steady);
  log_changes(now);
  if (pass) return *pass;
  if (waits_for_probe(purpose, pass.error())) return std::nullopt;
  return std::unexpected(shed(pass.error()));
}

bool Admission::probing() {
  const Lock lock(mutex_);
  return breaker_.probing();
}

void Admission::release(ProviderBreaker::Pass pass) {
  const Lock lock(mutex_);
  breaker_.release(pass);
}

void Admission::called(const Instant& now) {
  const Lock lock(mutex_);
  retries_.called(now.steady);
}

std::optional<Error> Admission::pay_alone(Purpose purpose, const Instant& now) {
  const Lock lock(mutex_);
  if (off_) return std::nullopt;
  const auto refused = budget_.take(purpose, now.steady, now.wall);
  log_throttle_level(now);
  if (refused) return shed(*refused);
  return std::nullopt;
}

Admission::Exchange Admission::reserve(const Instant& now) {
  const Lock lock(mutex_);
  // The patience depends on what was used before this call.
  const auto level = shared_->throttle_level(Counting::fleet, now.steady, now.wall);
  auto parts = shared_->reserve(now.steady, now.wall);
  auto windows = shared_->to_exchange(parts, now.steady);
  return {.parts = std::move(parts),
          .windows = std::move(windows),
          .patience = level == ThrottleLevel::open ? Patience::usual : Patience::long_};
}

Admission::Payment Admission::settle(Purpose purpose, const SharedBudget::Parts& parts,
                                     const Result<FleetBudget::Counts>& counts, const Instant& now) {
  const Lock lock(mutex_);
  const bool lost = !counts || counts->size() != parts.size();
  fleet_lost_ = lost;
  changes_.fleet_count(lost, now.steady);
  if (lost) metrics_.add(Counter::provider_counted_alone);
  if (!lost) shared_->merge(parts, *counts, now.steady);
  const auto why = !counts && counts.error().kind == ErrorKind::redis_timeout ? SharedBudget::Silence::late
                                                                              : SharedBudget::Silence::outage;
  const auto refused = lost ? shared_->settle_alone(purpose, parts, why, now.steady, now.wall)
                            : shared_->settle(purpose, parts, now.steady, now.wall);
  log_throttle_level(now);
  if (refused) return {.refused = shed(*refused), .ask_again = !lost};
  return {};
}

nanoseconds Admission::pause_before_asking_again() {
  const Lock lock(mutex_);
  return random_.between(10ms, 50ms);
}

Admission::Exchange Admission::exchange(const SharedBudget::Parts& parts, const Instant& now) {
  const Lock lock(mutex_);
  return {.parts = parts, .windows = shared_->to_exchange(parts, now.steady)};
}

Admission::Exchange Admission::watch(Watch why, const Instant& now) {
  const Lock lock(mutex_);
  auto parts = shared_->watch(why, now.steady, now.wall);
  auto windows = shared_->to_exchange(parts, now.steady, SharedBudget::Expire::always);
  return {.parts = std::move(parts), .windows = std::move(windows)};
}

void Admission::merge(const SharedBudget::Parts& parts, const FleetBudget::Counts& counts, const Instant& now) {
  const Lock lock(mutex_);
  if (counts.size() != parts.size()) return;
  shared_->merge(parts, counts, now.steady);
  log_throttle_level(now);
}

Admission::Exchange Admission::put_back(const SharedBudget::Parts& parts, const Instant& now) {
  const Lock lock(mutex_);
  auto lacking = shared_->lacking(parts);
  if (lacking.empty()) return {};
  auto windows = shared_->to_exchange(lacking, now.steady, SharedBudget::Expire::always);
  return {.parts = std::move(lacking), .windows = std::move(windows)};
}

Budget::Usage Admission::usage(Window window, Counting counting, const Instant& now) {
  if (shared_) return shared_->usage(window, counting, now.steady, now.wall);
  return budget_.usage(window, now.steady, now.wall);
}

std::array<Budget::Usage, kWindows> Admission::usages(Counting counting, const Instant& now) {
  std::array<Budget::Usage, kWindows> all;
  for (const Window window : kAllWindows) all.at(static_cast<std::size_t>(window)) = usage(window, counting, now);
  return all;
}

void Admission::ended(ProviderBreaker::Pass pass, const Error* fault, nanoseconds duration, const Instant& now,
                      AskedPause asked) {
  const Lock lock(mutex_);
  const auto openings = breaker_.openings();
  switch (fault == nullptr ? ProviderBreaker::Health::well : ProviderBreaker::health(*fault)) {
    case ProviderBreaker::Health::well:
      if (breaker_.is_slow(duration)) metrics_.add(Counter::provider_slow);
      breaker_.succeeded(pass, duration, now.steady);
      break;
    case ProviderBreaker::Health::ill:
      breaker_.failed(pass, fault->kind, now.steady);
      break;
    case ProviderBreaker::Health::unknown:
      breaker_.release(pass);
      break;
  }
  metrics_.add(Counter::provider_breaker_opened, breaker_.openings() - openings);
  if (fault != nullptr) pause(*fault, asked, now.steady);
  log_changes(now);
}

void Admission::pause(const Error& fault, AskedPause asked, SteadyTime now) {
  nanoseconds span{0};
  if (fault.kind == ErrorKind::provider_limited) {
    span = fault.retry_after.value_or(milliseconds(1000));
    // Jitter, because processes that hit the limit of concurrent calls together must not retry together.
    if (asked.too_many_at_once) span = random_.between(span / 2, span);
  }
  span = std::max<nanoseconds>(span, asked.span.value_or(milliseconds(0)));
  if (span <= nanoseconds(0)) return;
  // The other queries have not failed. They get the kind of this fault if it concerns them too.
  const bool of_all = ProviderBreaker::health(fault) == ProviderBreaker::Health::ill;
  breaker_.limit(span, of_all ? fault.kind : ErrorKind::provider_limited, now);
  metrics_.add(Counter::provider_closed_by_limit);
}

std::optional<nanoseconds> Admission::retry_after(const Error& fault, nanoseconds left, const Instant& now) {
  const Lock lock(mutex_);
  if (!is_worth_a_retry(fault) || !breaker_.check(now.steady)) return std::nullopt;
  const auto pause = random_.between(kShortestPause, kLongestPause);
  if (left < pause + kLeastTime) return std::nullopt;
  if (!retries_.take(now.steady)) {
    metrics_.add(Counter::provider_retries_denied);
    return std::nullopt;
  }
  return pause;
}

ProviderStatus Admission::status(const Instant& now) {
  const Lock lock(mutex_);
  return {.breaker = breaker_.state(now.steady), .usage = usages(counted_last(), now)};
}

void Admission::log_changes(const Instant& now) {
  changes_.breaker(breaker_.state(now.steady), breaker_, now.steady);
  log_throttle_level(now);
}

// Uses the way of counting that was logged last, because each of the two has its own throttle level.
void Admission::log_throttle_level(const Instant& now) {
  if (off_) return;
  const auto logged_counting = changes_.count_lost() ? Counting::alone : counting();
  const auto level = shared_ ? shared_->throttle_level(logged_counting, now.steady, now.wall)
                             : budget_.throttle_level(now.steady, now.wall);
  if (changes_.is_new(level)) changes_.throttle(level, usages(logged_counting, now));
}

}  // namespace wx::open_meteo
