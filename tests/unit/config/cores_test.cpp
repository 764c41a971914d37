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

// systemd with version 1: the quota is on the service's own group, and its directory has both controllers' names.
TEST(Cores, TheTightestGroupOnTheWayUpCountsInVersionOneToo) {
  const std::string own = "12:pids:/x\n4:cpu,cpuacct:/system.slice/weather-cache.service\n1:name=systemd:/y\n";
  for (const std::string directory : {"cpu", "cpu,cpuacct"}) {
    const auto root = "/sys/fs/cgroup/" + directory;
    const auto slice = root + "/system.slice";
    const auto service = slice + "/weather-cache.service";
    std::map<std::string, std::string> files{{"/proc/self/cgroup", own},
                                             {root + "/cpu.cfs_quota_us", "-1\n"},
                                             {root + "/cpu.cfs_period_us", "100000\n"},
                                             {slice + "/cpu.cfs_quota_us", "300000\n"},
                                             {slice + "/cpu.cfs_period_us", "100000\n"}};
    EXPECT_EQ(cores(8, files), 3U) << directory << ": the slice's quota";
    files[service + "/cpu.cfs_quota_us"] = "150000\n";
    files[service + "/cpu.cfs_period_us"] = "100000\n";
    EXPECT_EQ(cores(8, files), 2U) << directory << ": one core and a half";
    EXPECT_EQ(cores(1, files), 1U) << directory;
  }
}

// Without a namespace of its own, a container sees the host's path; its own group is mounted at the root.
TEST(Cores, AContainersGroupIsAtTheRootInVersionOne) {
  EXPECT_EQ(cores(8, {{"/proc/self/cgroup", "4:cpuacct,cpu:/docker/0123456789ab\n"},
                      {"/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "50000\n"},
                      {"/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n"}}),
            1U);
}

// `cpu` in version 1 and others in version 2, or a controller whose name merely begins with "cpu".
TEST(Cores, OnlyTheHierarchyOfCpuCounts) {
  const std::map<std::string, std::string> files{{"/proc/self/cgroup", "5:cpuset:/tight\n4:cpu:/own\n0::/unified\n"},
                                                 {"/sys/fs/cgroup/cpu/tight/cpu.cfs_quota_us", "100000\n"},
                                                 {"/sys/fs/cgroup/cpu/tight/cpu.cfs_period_us", "100000\n"},
                                                 {"/sys/fs/cgroup/cpu/own/cpu.cfs_quota_us", "400000\n"},
                                                 {"/sys/fs/cgroup/cpu/own/cpu.cfs_period_us", "100000\n"}};
  EXPECT_EQ(cores(8, files), 4U);
}

TEST(Cores, GroupListsThatCannotBeReadSetNoLimit) {
  for (const char* garbage :
       {"", "\n", "0", "0:", "0::", "0::x", "4:cpu", "4:cpu:", "::/", ":cpu:/\n:::\n", "4:cpu:/a"}) {
    EXPECT_EQ(cores(8, {{"/proc/self/cgroup", garbage}}), 8U) << garbage;
  }
}

TEST(Cores, GarbageIsNoLimit) {
  for (const char* garbage : {"", "\n", "100000", "x y", "100000 0", "1 2 3"}) {
    EXPECT_EQ(cores(8, {{"/sys/fs/cgroup/cpu.max", garbage}}), 8U) << garbage;
  }
}

}  // namespace
}  // namespace wx::config
