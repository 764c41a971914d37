// How many cores this process may really use: a container's quota is not in its CPU count.
#pragma once

#include <functional>
#include <optional>
#include <string>

namespace wx::config {

using ReadFile = std::function<std::optional<std::string>(const std::string& path)>;

// The smaller of `affinity` (the cores the scheduler would let us run on) and the CPU quota of our control group and
// the groups above it, rounded up, at least 1. Control groups: Linux, Documentation/admin-guide/cgroup-v2.rst (cpu.max)
// and scheduler/sched-bwc.rst (version 1). What cannot be read sets no limit.
[[nodiscard]] unsigned allowed_cores(unsigned affinity, const ReadFile& read_file);

}  // namespace wx::config
