// Number of cores that this process may use. A container's CPU quota does not show in its CPU count.
#pragma once

#include <functional>
#include <optional>
#include <string>

namespace wx::config {

using ReadFile = std::function<std::optional<std::string>(const std::string& path)>;

// Returns the smaller of `affinity` (the cores in the scheduler's affinity mask) and the CPU quota of our control group
// and its ancestors, rounded up, at least 1. A file that cannot be read sets no limit.
// Linux: Documentation/admin-guide/cgroup-v2.rst (cpu.max) and scheduler/sched-bwc.rst (version 1).
[[nodiscard]] unsigned allowed_cores(unsigned affinity, const ReadFile& read_file);

}  // namespace wx::config
