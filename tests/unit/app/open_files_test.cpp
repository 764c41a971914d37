#include "app/open_files.hpp"

#include <array>

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

namespace wx::app {
namespace {

TEST(OpenFilesTest, CountsThoseThatAreOpenNow) {
  const auto before = count_open_files();
  ASSERT_TRUE(before);
  EXPECT_GE(before->open, 1U);
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  EXPECT_EQ(count_open_files()->open, before->open + 2);
  for (const int end : ends) close(end);
  EXPECT_EQ(count_open_files()->open, before->open);
}

TEST(OpenFilesTest, TellsTheLimitInForce) {
  rlimit own{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &own), 0);
  rlimit low = own;
  low.rlim_cur = 200;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
  const auto files = count_open_files();
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &own), 0);
  ASSERT_TRUE(files);
  EXPECT_EQ(files->limit, 200U);
}

}  // namespace
}  // namespace wx::app
