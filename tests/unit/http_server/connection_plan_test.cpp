// How open files are divided among connections.
#include "http_server/connection_plan.hpp"

#include <algorithm>
#include <limits>

#include <gtest/gtest.h>

namespace wx::http_server {
namespace {

// The largest number of files that connections may take.
std::size_t files_of(const ConnectionPlan& plan, std::size_t servers) {
  return plan.connections + servers * plan.surplus.all();
}

TEST(ConnectionPlan, LeavesAReserveForWhatIsNoConnection) {
  // Of 1000 files a quarter, and 88 for the surplus.
  EXPECT_EQ(plan_connections(20'000, 1000, 1).connections, 662U);
  EXPECT_EQ(plan_connections(20'000, 1'048'576, 1).connections, 20'000U);
  // Of many files 512, and 88 for each of four servers.
  EXPECT_EQ(plan_connections(1'000'000, 65'536, 4).connections, 65'536U - 512 - 4 * 88);
  EXPECT_EQ(plan_connections(10, 400, 1).connections, 10U);
  EXPECT_EQ(plan_connections(0, 400, 1).connections, 1U);
  EXPECT_EQ(plan_connections(100, std::numeric_limits<std::size_t>::max(), 8).surplus.all(), 88U);
}

TEST(ConnectionPlan, KeepsMostOfFewFilesForConnections) {
  for (const std::size_t files : {64, 100, 200, 256, 400, 1024, 4096}) {
    for (const std::size_t servers : {1, 2, 4, 8}) {
      const auto plan = plan_connections(20'000, files, servers);
      EXPECT_LE(files_of(plan, servers), files - std::min<std::size_t>(files / 4, 512)) << files << " " << servers;
      // One for a stranger and one for this machine are the least of each server.
      EXPECT_GE(plan.connections + 2 * servers, files / 2) << files << " " << servers;
      EXPECT_GE(plan.surplus.answered, 1U);
      EXPECT_GE(plan.surplus.answered_here, 1U);
    }
  }
  // Two servers and 200 files: of the 150 beside the reserve a quarter, 37, is shared out among 2 * (64 + 16 + 8).
  const auto plan = plan_connections(1000, 200, 2);
  EXPECT_EQ(plan.surplus.searching, 13U);
  EXPECT_EQ(plan.surplus.answered, 3U);
  EXPECT_EQ(plan.surplus.answered_here, 1U);
  EXPECT_EQ(plan.connections, 150U - 2 * 17);
}

TEST(ConnectionPlan, TakesAllOfTheSurplusIfFewConnectionsAreWanted) {
  const auto plan = plan_connections(50, 400, 2);
  EXPECT_EQ(plan.surplus.all(), 88U);
  EXPECT_EQ(plan.connections, 50U);
}

TEST(ConnectionPlan, IsNeverEmpty) {
  EXPECT_EQ(plan_connections(100, 0, 4).connections, 1U);
  EXPECT_EQ(plan_connections(100, 8, 64).connections, 1U);
}

}  // namespace
}  // namespace wx::http_server
