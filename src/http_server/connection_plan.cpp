#include "http_server/connection_plan.hpp"

#include <algorithm>
#include <limits>

#include <sys/resource.h>

namespace wx::http_server {

ConnectionPlan plan_connections(std::size_t wanted, std::size_t files, std::size_t servers) {
  const std::size_t rest = files - std::min<std::size_t>(512, files / 4);
  ConnectionPlan plan;
  const std::size_t full = servers * plan.surplus.all();
  const std::size_t most = std::max(rest / 4, rest - std::min(rest, wanted));
  if (full > most) {
    const auto part = [&](std::size_t places) { return places * most / full; };
    plan.surplus.searching = part(plan.surplus.searching);
    plan.surplus.answered = std::max<std::size_t>(part(plan.surplus.answered), 1);
    plan.surplus.answered_here = std::max<std::size_t>(part(plan.surplus.answered_here), 1);
  }
  const std::size_t surplus = servers * plan.surplus.all();
  plan.connections = std::clamp<std::size_t>(wanted, 1, std::max<std::size_t>(rest - std::min(rest, surplus), 1));
  return plan;
}

std::size_t file_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
    return std::numeric_limits<std::size_t>::max();
  }
  return static_cast<std::size_t>(limit.rlim_cur);
}

}  // namespace wx::http_server
