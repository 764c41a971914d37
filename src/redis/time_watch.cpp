#include "redis/time_watch.hpp"

#include <array>
#include <optional>
#include <utility>

#include "base/text.hpp"

namespace wx::redis {
namespace {

// Just under the 30 s idle PING, so it doubles as the keep-alive.
constexpr nanoseconds kInterval = std::chrono::seconds(29);
// The year 2255. Nanoseconds since 1970 overflow soon after it.
constexpr std::uint64_t kMostSeconds = 9'000'000'000;

// The reply of TIME: seconds and microseconds, as texts.
std::optional<FleetClock::ServerTime> time_of(const Reply& reply) {
  if (reply.size() != 2) return std::nullopt;
  const auto seconds = parse_unsigned(reply[0].text());
  const auto micros = parse_unsigned(reply[1].text());
  if (!seconds || *seconds > kMostSeconds || !micros || *micros >= 1'000'000) return std::nullopt;
  return FleetClock::ServerTime(std::chrono::seconds(*seconds) + std::chrono::microseconds(*micros));
}

}  // namespace

void TimeWatch::ask(bool first) {
  timer_ = executor_.after(kInterval, [this] { ask(false); });
  const auto hear = [this, sent = clock_.steady()](const Result<Reply>& reply) {
    if (!reply) return;
    if (const auto server = time_of(*reply)) clock_.sample(sent, clock_.steady(), *server);
  };
  const std::array<Argument, 1> time{"TIME"};
  auto done = [this, hear, first](const Result<Reply>& reply) {
    hear(reply);
    if (asked_) asked_(first);
  };
  std::array<Command, 1> commands{Command{.arguments = time, .done = std::move(done), .late = hear}};
  client_.pipeline(commands);
}

}  // namespace wx::redis
