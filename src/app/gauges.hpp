// The gauges of /metrics. Thread-safety: a pure function.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "app/open_files.hpp"
#include "endpoints/process_status.hpp"
#include "observability/metrics.hpp"

namespace wx::app {

// Without `files`, their gauges are left out.
[[nodiscard]] std::vector<observability::Gauge> gauges_of(const endpoints::ProcessStatus& status,
                                                          const std::optional<OpenFiles>& files,
                                                          std::string_view version);

}  // namespace wx::app
