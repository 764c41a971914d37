// Which server closes connections for their memory, and how many.
#include "http_server/connection_memory.hpp"

#include <gtest/gtest.h>

namespace wx::http_server {
namespace {

TEST(ConnectionMemory, IsShrunkByAServerAboveItsShare) {
  ConnectionMemory memory(800);
  memory.join();
  memory.join();
  memory.change(0, 801);
  EXPECT_TRUE(memory.must_shrink(400));
  EXPECT_FALSE(memory.must_shrink(399));
  memory.change(801, 800);
  EXPECT_FALSE(memory.must_shrink(800)) << "within the limit";
}

// Another server may hold more than the limit by itself until its turn comes.
TEST(ConnectionMemory, IsShrunkOnlyByWhatAServerHoldsItself) {
  ConnectionMemory memory(800);
  memory.join();
  memory.join();
  memory.change(0, 1500);
  EXPECT_FALSE(memory.has_shrunk(351));
  EXPECT_TRUE(memory.has_shrunk(350)) << "seven eighths of its share";
  memory.change(1500, 700);
  EXPECT_TRUE(memory.has_shrunk(650)) << "seven eighths of all";
}

}  // namespace
}  // namespace wx::http_server
