#include "open_meteo/call_results.hpp"

#include <utility>

namespace wx::open_meteo {
namespace {

using observability::Counter;

constexpr std::string_view kRoom = "open_meteo";

// The counter of attempts that end with this fault; nothing for a fault that is not the provider's.
std::optional<Counter> counter_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::provider_unreachable:
      return Counter::provider_unreachable;
    case ErrorKind::provider_timeout:
      return Counter::provider_timeout;
    case ErrorKind::provider_error:
      return Counter::provider_error;
    case ErrorKind::provider_bad_reply:
      return Counter::provider_bad_reply;
    case ErrorKind::provider_refused:
      return Counter::provider_refused;
    case ErrorKind::provider_limited:
      return Counter::provider_limited;
    case ErrorKind::provider_denied:
      return Counter::provider_denied;
    default:
      return std::nullopt;
  }
}

}  // namespace

void CallResults::note(const Error* fault) {
  if (fault == nullptr) {
    metrics_.add(Counter::provider_ok);
    if (changed(std::nullopt)) log_.info(kRoom, "the provider answers again");
    return;
  }
  if (const auto counter = counter_of(fault->kind)) metrics_.add(*counter);
  if (fault->kind == ErrorKind::draining) return;
  const bool of_query = fault->of_query || fault->kind == ErrorKind::provider_refused;
  if (!of_query && !changed(fault->kind)) return;
  const auto level = of_query ? observability::LogLevel::debug : observability::LogLevel::warn;
  if (!log_.enabled(level)) return;
  log_.say(level, kRoom, "a provider call failed",
           {{"result", name(fault->kind)},
            {"detail", fault->detail},
            {"status", fault->provider_status},
            {"retry_after_ms", fault->retry_after.value_or(milliseconds(0)).count()}});
}

bool CallResults::changed(std::optional<ErrorKind> fault) {
  const Lock lock(mutex_);
  return std::exchange(last_fault_, fault) != fault;
}

}  // namespace wx::open_meteo
