// The gauges of /metrics. Thread-safety: a pure function.
#pragma once

#include <string_view>
#include <vector>

#include "endpoints/process_status.hpp"
#include "observability/metrics.hpp"

namespace wx::app {

[[nodiscard]] std::vector<observability::Gauge> gauges_of(const endpoints::ProcessStatus& status,
                                                          std::string_view version);

}  // namespace wx::app
