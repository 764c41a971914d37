// Chooses the requests that get a log line: server errors at level `warn`, client errors (also those whose status is
// 5xx) and slow requests at `info`, all others at `debug`. Each kind has a budget, so that a flood of one kind of
// request does not flood the log. A line carries the number of lines of its kind suppressed before it.
//
// Thread-safety: none; one per I/O thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/clock.hpp"
#include "observability/log.hpp"

namespace wx::endpoints {

// A token bucket: kBurst lines at once, then one line per kInterval.
class LineBudget {
 public:
  static constexpr std::uint64_t kBurst = 10;
  static constexpr nanoseconds kInterval = std::chrono::seconds(1);

  // Takes a line out of the budget. Returns the number of lines refused since the last allowed one, or nothing if this
  // line is refused too.
  [[nodiscard]] std::optional<std::uint64_t> take(SteadyTime now);

 private:
  std::uint64_t left_ = kBurst;
  std::uint64_t refused_ = 0;
  std::optional<SteadyTime> counted_;  // the bucket is refilled up to this instant
};

class AccessLog {
 public:
  enum class Kind : std::uint8_t { server_error, client_error, client_5xx, slow, plain };
  static constexpr nanoseconds kSlow = std::chrono::seconds(1);

  // `clients`: the error is a fault of the client's request (see is_clients()).
  [[nodiscard]] static Kind kind_of(int status, bool clients, nanoseconds took);
  [[nodiscard]] static observability::LogLevel level_of(Kind kind);

  // Writes `line` if the log's level includes its kind and the kind's budget allows it. Sets line.suppressed.
  void write(observability::Log& log, Kind kind, observability::RequestLine& line, SteadyTime now);

 private:
  std::array<LineBudget, 5> budgets_;
};

}  // namespace wx::endpoints
