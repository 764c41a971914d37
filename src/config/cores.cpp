#include "config/cores.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string_view>

#include "base/text.hpp"

namespace wx::config {
namespace {

constexpr unsigned kUnlimited = std::numeric_limits<unsigned>::max();

std::string_view without_line_end(std::string_view text) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  return trim(text);
}

unsigned cores_of(std::string_view quota_text, std::string_view period_text) {
  const auto quota = parse_unsigned(quota_text);  // "max" and "-1" (no limit) do not parse
  const auto period = parse_unsigned(period_text);
  if (!quota || !period || *period == 0) return kUnlimited;
  const auto cores = *quota / *period + (*quota % *period == 0 ? 0 : 1);
  return static_cast<unsigned>(std::clamp<std::uint64_t>(cores, 1, kUnlimited));
}

// Version 2: "<quota> <period>" in one file.
unsigned version_two(const std::string& group, const ReadFile& read_file) {
  const auto content = read_file(cat(group, "/cpu.max"));
  if (!content) return kUnlimited;
  const auto line = without_line_end(*content);
  const auto space = line.find(' ');
  return space == std::string_view::npos ? kUnlimited : cores_of(line.substr(0, space), line.substr(space + 1));
}

// Version 1: two files.
unsigned version_one(const std::string& group, const ReadFile& read_file) {
  const auto quota = read_file(cat(group, "/cpu.cfs_quota_us"));
  const auto period = read_file(cat(group, "/cpu.cfs_period_us"));
  if (!quota || !period) return kUnlimited;
  return cores_of(without_line_end(*quota), without_line_end(*period));
}

// Our groups: the lines "0::/path" (version 2) and "4:cpu,cpuacct:/path" (version 1) of /proc/self/cgroup.
struct OwnGroups {
  std::string unified;
  std::string controllers;  // those of the hierarchy of version 1 that holds `cpu`, as its directory is usually named
  std::string cpu;
};

bool lists_cpu(std::string_view controllers) {
  while (!controllers.empty()) {
    const auto one = controllers.substr(0, controllers.find(','));
    if (one == "cpu") return true;
    controllers.remove_prefix(std::min(one.size() + 1, controllers.size()));
  }
  return false;
}

OwnGroups own_groups(const ReadFile& read_file) {
  OwnGroups groups;
  const auto content = read_file("/proc/self/cgroup");
  std::string_view rest = content ? std::string_view(*content) : std::string_view();
  while (!rest.empty()) {
    const auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    const auto first = line.find(':');
    const auto second = first == std::string_view::npos ? first : line.find(':', first + 1);
    if (second == std::string_view::npos || !line.substr(second + 1).starts_with('/')) continue;
    const auto controllers = line.substr(first + 1, second - first - 1);
    if (line.starts_with("0::")) groups.unified = line.substr(second + 1);
    if (lists_cpu(controllers)) {
      groups.controllers = controllers;
      groups.cpu = line.substr(second + 1);
    }
  }
  return groups;
}

// The tightest quota of `group` and all groups above it, up to the root: a quota applies to every group below it.
// Inside a container the path may name groups of the host that are not visible; the container's own group is then at
// the root.
template <class Quota>
unsigned tightest(std::string_view root, std::string group, const Quota& quota) {
  unsigned allowed = quota(std::string(root));
  while (!group.empty()) {
    if (group != "/") allowed = std::min(allowed, quota(cat(root, group)));
    group.resize(group.rfind('/'));
  }
  return allowed;
}

}  // namespace

unsigned allowed_cores(unsigned affinity, const ReadFile& read_file) {
  const auto groups = own_groups(read_file);
  unsigned allowed = std::max(affinity, 1U);
  allowed = std::min(allowed, tightest("/sys/fs/cgroup", groups.unified,
                                       [&](const std::string& group) { return version_two(group, read_file); }));
  const auto one = [&](const std::string& group) { return version_one(group, read_file); };
  // Most systems link the controller's name to the hierarchy's directory. A minimal container may have only the latter.
  allowed = std::min(allowed, tightest("/sys/fs/cgroup/cpu", groups.cpu, one));
  if (groups.controllers.empty() || groups.controllers == "cpu") return allowed;
  return std::min(allowed, tightest(cat("/sys/fs/cgroup/", groups.controllers), groups.cpu, one));
}

}  // namespace wx::config
