#include "endpoints/access_log.hpp"

#include <algorithm>

namespace wx::endpoints {

using observability::LogLevel;

std::optional<std::uint64_t> LineBudget::take(SteadyTime now) {
  if (!counted_) counted_ = now;
  const auto earned = static_cast<std::uint64_t>((now - *counted_) / kInterval);
  left_ = std::min(kBurst, left_ + earned);
  *counted_ += earned * kInterval;
  if (left_ == 0) {
    ++refused_;
    return std::nullopt;
  }
  --left_;
  return std::exchange(refused_, 0);
}

AccessLog::Kind AccessLog::kind_of(int status, bool clients, nanoseconds took) {
  if (status >= 500) return clients ? Kind::client_5xx : Kind::server_error;
  if (status >= 400) return Kind::client_error;
  return took >= kSlow ? Kind::slow : Kind::plain;
}

LogLevel AccessLog::level_of(Kind kind) {
  switch (kind) {
    case Kind::server_error:
      return LogLevel::warn;
    case Kind::client_error:
    case Kind::client_5xx:
    case Kind::slow:
      return LogLevel::info;
    case Kind::plain:
      return LogLevel::debug;
  }
  return LogLevel::info;
}

void AccessLog::write(observability::Log& log, Kind kind, observability::RequestLine& line, SteadyTime now) {
  const auto suppressed = budgets_.at(static_cast<std::size_t>(kind)).take(now);
  if (!suppressed) return;
  line.suppressed = *suppressed;
  log.write_request(level_of(kind), line);
}

}  // namespace wx::endpoints
