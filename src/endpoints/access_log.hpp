// Which requests get a line in the log: those that failed or were slow, and at `debug` all others. A flood of one kind
// does not become a flood of lines: each kind has a budget, and a line says how many before it were left out.
//
// Thread-safety: none; one per I/O thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/clock.hpp"
#include "observability/log.hpp"

namespace wx::endpoints {

// So many lines at once, then one a second.
class LineBudget {
 public:
  static constexpr std::uint64_t kBurst = 10;
  static constexpr nanoseconds kInterval = std::chrono::seconds(1);

  // How many lines were refused since the last one that was allowed; nothing if this one is refused too.
  [[nodiscard]] std::optional<std::uint64_t> take(SteadyTime now);

 private:
  std::uint64_t left_ = kBurst;
  std::uint64_t refused_ = 0;
  std::optional<SteadyTime> counted_;  // up to when lines were given back
};

class AccessLog {
 public:
  enum class Kind : std::uint8_t { server_error, client_error, slow, plain };
  static constexpr nanoseconds kSlow = std::chrono::seconds(1);

  [[nodiscard]] static Kind kind_of(int status, nanoseconds took);
  [[nodiscard]] static observability::LogLevel level_of(Kind kind);

  // Writes `line` if its kind is wanted and within its budget; sets line.suppressed.
  void write(observability::Log& log, Kind kind, observability::RequestLine& line, SteadyTime now);

 private:
  std::array<LineBudget, 4> budgets_;
};

}  // namespace wx::endpoints
