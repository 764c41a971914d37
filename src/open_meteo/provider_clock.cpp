#include "open_meteo/provider_clock.hpp"

#include <chrono>

namespace wx::open_meteo {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kRoom = "open_meteo";
// Less than this between the two limits changes nothing, so a difference of a minute is not logged again and again.
constexpr milliseconds kDiffers = 60s;
constexpr milliseconds kAgrees = 30s;
// The provider's servers may have different clocks, so a new difference is logged at most this often.
constexpr nanoseconds kLogAgain = 10min;

}  // namespace

void ProviderClock::note(milliseconds ahead, SteadyTime now) {
  const Lock lock(mutex_);
  ahead_ = ahead;
  const auto distance = std::chrono::abs(ahead);
  if (differs_ && distance <= kAgrees) {
    differs_ = false;
    log_.info(kRoom, "this machine's clock and the provider's agree again");
  } else if (!differs_ && distance > kDiffers && (!logged_at_ || now - *logged_at_ >= kLogAgain)) {
    differs_ = true;
    logged_at_ = now;
    log_.warn(kRoom, "this machine's clock and the provider's differ: answers are fresh by the provider's clock",
              {{"ahead_of_provider_ms", -ahead.count()}});
  }
}

milliseconds ProviderClock::ahead() const {
  const Lock lock(mutex_);
  return ahead_;
}

}  // namespace wx::open_meteo
