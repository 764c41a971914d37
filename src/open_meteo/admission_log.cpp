#include "open_meteo/admission_log.hpp"

#include <string>
#include <string_view>

#include "base/text.hpp"

namespace wx::open_meteo {
namespace {

using namespace std::chrono_literals;
using observability::LogLevel;

constexpr std::string_view kRoom = "open_meteo";
// Flapping states are logged at most this often.
constexpr nanoseconds kLogAgain = 10s;

std::string_view sentence(ThrottleLevel level) {
  switch (level) {
    case ThrottleLevel::open:
      return "the budget of provider calls allows all loads again";
    case ThrottleLevel::no_early:
      return "80 % of the budget of provider calls is used: no early refreshes";
    case ThrottleLevel::no_refresh:
      return "90 % of the budget of provider calls is used: no refreshes";
    case ThrottleLevel::closed:
      break;
  }
  return "the budget of provider calls is used up";
}

std::string_view sentence(ProviderBreaker::State state) {
  switch (state) {
    case ProviderBreaker::State::closed:
      return "the provider's breaker is closed again";
    case ProviderBreaker::State::half_open:
      return "the provider's breaker is half-open: one probe call is allowed";
    case ProviderBreaker::State::open:
      return "the provider's breaker is open: calls are paused";
    case ProviderBreaker::State::limited:
      break;
  }
  return "the provider limits this service: calls are paused";
}

std::string text(const Budget::Usage& usage) {
  return usage.limit == 0 ? std::string("unlimited") : cat(usage.used, " of ", usage.limit);
}

}  // namespace

void AdmissionLog::say_state(const ProviderBreaker& breaker, SteadyTime now) {
  const auto free = breaker.check(now);
  const bool asked = !free && free.error().limited && free.error().kind != ErrorKind::provider_limited;
  const bool bad = state_ == ProviderBreaker::State::open || state_ == ProviderBreaker::State::limited;
  const auto level = bad ? LogLevel::warn : LogLevel::info;
  if (!log_.enabled(level)) return;
  log_.say(level, kRoom, asked ? "the provider asked for a pause: no calls until its Retry-After" : sentence(state_),
           {{"wait_ms", std::chrono::ceil<milliseconds>(breaker.wait(now)).count()}});
}

void AdmissionLog::say_fleet_count(bool lost, SteadyTime now) {
  auto& logged_at = count_logged_at_.at(lost ? 1 : 0);
  if (logged_at && now - *logged_at < kLogAgain) return;
  logged_at = now;
  count_lost_ = lost;
  if (lost) {
    log_.warn(kRoom, "the fleet's count of provider calls is unreachable: this process limits itself to its share");
  } else {
    log_.info(kRoom, "provider calls are counted with the fleet again");
  }
}

void AdmissionLog::throttle(ThrottleLevel level, const std::array<Budget::Usage, kWindows>& usage) {
  const auto log_level = level > level_ ? LogLevel::warn : LogLevel::info;
  level_ = level;
  if (!log_.enabled(log_level)) return;
  log_.say(log_level, kRoom, sentence(level),
           {{"minute", text(usage[0])}, {"hour", text(usage[1])}, {"day", text(usage[2])}});
}

}  // namespace wx::open_meteo
