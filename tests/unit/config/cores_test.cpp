// The CPU quota in the forms that containers use, read from files made by the test.
#include "config/cores.hpp"

#include <map>

#include <gtest/gtest.h>

namespace wx::config {
namespace {

unsigned cores(unsigned affinity, const std::map<std::string, std::string>& files) {
  return allowed_cores(affinity, [&](const std::string& path) -> std::optional<std::string> {
    const auto found = files.find(path);
    if (found == files.end()) return std::nullopt;
    return found->second;
  });
}

TEST(Cores, WithoutControlGroupsTheAffinityCounts) {
  EXPECT_EQ(cores(8, {}), 8U);
  EXPECT_EQ(cores(0, {}), 1U);
}

TEST(Cores, QuotaAtTheRootOfAContainerIsRoundedUp) {
  EXPECT_EQ(cores(8, {{"/sys/fs/cgroup/cpu.max", "150000 100000\n"}}), 2U);
  EXPECT_EQ(cores(8, {{"/sys/fs/cgroup/cpu.max", "200000 100000\n"}}), 2U);
  EXPECT_EQ(cores(8, {{"/sys/fs/cgroup/cpu.max", "10000 100000\n"}}), 1U);
}

TEST(Cores, NoQuotaIsNoLimit) {
  EXPECT_EQ(cores(8, {{"/sys/fs/cgroup/cpu.max", "max 100000\n"}}), 8U);
  EXPECT_EQ(
      cores(8, {{"/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n"}, {"/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n"}}),
      8U);
}

TEST(Cores, TheTightestGroupOnTheWayUpCounts) {
  const std::map<std::string, std::string> files{{"/proc/self/cgroup", "1:name=x:/y\n0::/a.slice/b.scope\n"},
                                                 {"/sys/fs/cgroup/a.slice/b.scope/cpu.max", "400000 100000\n"},
                                                 {"/sys/fs/cgroup/a.slice/cpu.max", "300000 100000\n"}};
  EXPECT_EQ(cores(8, files), 3U);
  EXPECT_EQ(cores(2, files), 2U);
}

TEST(Cores, VersionOneIsUnderstood) {
  EXPECT_EQ(cores(8, {{"/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "250000\n"},
                      {"/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n"}}),
            3U);
}

TEST(Cores, GarbageIsNoLimit) {
  for (const char* garbage : {"", "\n", "100000", "x y", "100000 0", "1 2 3"}) {
    EXPECT_EQ(cores(8, {{"/sys/fs/cgroup/cpu.max", garbage}}), 8U) << garbage;
  }
}

}  // namespace
}  // namespace wx::config
