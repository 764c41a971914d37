#include "open_meteo/provider_breaker.hpp"

#include <algorithm>
#include <array>

namespace wx::open_meteo {
namespace {

// retry_after while a probe runs, because its duration is unknown.
constexpr nanoseconds kProbeHint = milliseconds(1000);

}  // namespace

ProviderBreaker::Health ProviderBreaker::health(const Error& fault) {
  if (fault.of_query) return fault.kind == ErrorKind::provider_bad_reply ? Health::well : Health::unknown;
  switch (fault.kind) {
    case ErrorKind::provider_unreachable:
    case ErrorKind::provider_timeout:
    case ErrorKind::provider_error:
    case ErrorKind::provider_bad_reply:
    case ErrorKind::provider_denied:
      return Health::ill;
    default:
      return Health::unknown;
  }
}

std::expected<void, ProviderBreaker::Refusal> ProviderBreaker::check(SteadyTime now) const {
  if (now < limited_until_)
    return std::unexpected(Refusal{.kind = limited_kind_, .retry_after = limited_until_ - now, .limited = true});
  if (state_ == State::half_open)
    return std::unexpected(Refusal{.kind = kind_, .retry_after = kProbeHint, .probing = true});
  if (state_ == State::open && now < open_until_)
    return std::unexpected(Refusal{.kind = kind_, .retry_after = open_until_ - now});
  return {};
}

std::expected<ProviderBreaker::Pass, ProviderBreaker::Refusal> ProviderBreaker::enter(SteadyTime now) {
  if (const auto free = check(now); !free) return std::unexpected(free.error());
  if (state_ == State::closed) return Pass{.probe = false, .era = era_};
  state_ = State::half_open;
  return Pass{.probe = true, .era = era_};
}

void ProviderBreaker::succeeded(Pass pass, nanoseconds duration, SteadyTime now) {
  if (is_slow(duration)) return failed(pass, ErrorKind::provider_timeout, now);
  if (pass.era != era_) return;
  if (!pass.probe && state_ != State::closed) return;
  state_ = State::closed;
  failures_ = 0;
  wait_ = options_.first_wait;
}

void ProviderBreaker::failed(Pass pass, ErrorKind kind, SteadyTime now) {
  if (pass.era != era_) return;
  if (pass.probe) return open(kind, now);
  if (options_.failures == 0 || state_ != State::closed) return;
  if (++failures_ >= options_.failures) open(kind, now);
}

void ProviderBreaker::release(Pass pass) {
  // The wait of the open state is already over, so the next load becomes the probe.
  if (pass.probe && pass.era == era_) state_ = State::open;
}

void ProviderBreaker::limit(nanoseconds span, ErrorKind kind, SteadyTime now) {
  if (now + span <= limited_until_) return;
  limited_until_ = now + span;
  limited_kind_ = kind;
}

void ProviderBreaker::open(ErrorKind kind, SteadyTime now) {
  state_ = State::open;
  kind_ = kind;
  failures_ = 0;
  ++era_;
  // Jitter of up to a quarter shortens the wait, so that the processes of a fleet do not probe together.
  open_until_ = now + wait_ - random_.between(nanoseconds(0), wait_ / 4);
  wait_ = std::min(2 * wait_, options_.longest_wait);
}

ProviderBreaker::State ProviderBreaker::state(SteadyTime now) const {
  return now < limited_until_ ? State::limited : state_;
}

nanoseconds ProviderBreaker::wait(SteadyTime now) const {
  const auto free = check(now);
  return free ? nanoseconds(0) : free.error().retry_after;
}

std::string_view name(ProviderBreaker::State state) {
  constexpr std::array<std::string_view, 4> kNames{"closed", "half-open", "open", "limited"};
  return kNames.at(static_cast<std::size_t>(state));
}

}  // namespace wx::open_meteo
