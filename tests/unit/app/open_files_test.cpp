#include "app/open_files.hpp"

#include <array>

#include <gtest/gtest.h>
#include <unistd.h>

#include "support/open_file_limit.hpp"

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
  const test::OpenFileLimit low(200);
  const auto files = count_open_files();
  ASSERT_TRUE(files);
  EXPECT_EQ(files->limit, 200U);
}

}  // namespace
}  // namespace wx::app
