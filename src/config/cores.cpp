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
  const auto content = read_file(cat("/sys/fs/cgroup", group, "/cpu.max"));
  if (!content) return kUnlimited;
  const auto line = without_line_end(*content);
  const auto space = line.find(' ');
  return space == std::string_view::npos ? kUnlimited : cores_of(line.substr(0, space), line.substr(space + 1));
}

// Version 1: two files.
unsigned version_one(const std::string& group, const ReadFile& read_file) {
  const auto quota = read_file(cat("/sys/fs/cgroup/cpu", group, "/cpu.cfs_quota_us"));
  const auto period = read_file(cat("/sys/fs/cgroup/cpu", group, "/cpu.cfs_period_us"));
  if (!quota || !period) return kUnlimited;
  return cores_of(without_line_end(*quota), without_line_end(*period));
}

// Our group in the unified hierarchy: the line "0::/path" of /proc/self/cgroup.
std::string own_group(const ReadFile& read_file) {
  const auto content = read_file("/proc/self/cgroup");
  if (!content) return {};
  std::string_view rest = *content;
  while (!rest.empty()) {
    const auto line = rest.substr(0, rest.find('\n'));
    if (line.starts_with("0::/")) return std::string(line.substr(3));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
  }
  return {};
}

}  // namespace

unsigned allowed_cores(unsigned affinity, const ReadFile& read_file) {
  unsigned allowed = std::min(std::max(affinity, 1U), version_one("", read_file));
  // A quota applies to every group below it. Inside a container the path may name groups of the host that are not
  // visible; the container's own group is then at the root.
  std::string group = own_group(read_file);
  while (!group.empty()) {
    if (group != "/") allowed = std::min(allowed, version_two(group, read_file));
    group.resize(group.rfind('/'));
  }
  return std::min(allowed, version_two("", read_file));
}

}  // namespace wx::config
