#include "base/body.hpp"

#include <gtest/gtest.h>

namespace wx {
namespace {

TEST(Body, TakesAStringOverWithoutCopyingIt) {
  std::string bytes(100'000, 'x');
  const char* const where = bytes.data();
  const Body body(std::move(bytes));
  EXPECT_EQ(body.view().data(), where);
  EXPECT_EQ(body.size(), 100'000U);
  EXPECT_GE(body.buffer_bytes(), 100'000U);
}

TEST(Body, ACopyRefersToTheSameBytes) {
  const Body body(std::string(1000, 'x'));
  const Body copy = body;  // NOLINT(performance-unnecessary-copy-initialization): the test is about the copy
  EXPECT_EQ(copy.view().data(), body.view().data());
}

TEST(Body, AMovedFromOneIsEmpty) {
  Body body(std::string(1000, 'x'));
  const Body moved = std::move(body);
  EXPECT_EQ(moved.size(), 1000U);
  EXPECT_TRUE(body.empty());  // NOLINT(bugprone-use-after-move): the test is about the moved-from state
  Body assigned;
  assigned = Body("abc");
  EXPECT_EQ(assigned, "abc");
}

TEST(Body, ASliceKeepsTheBytesAlive) {
  Body slice;
  {
    const Body body(std::string("{\"a\":1}"));
    slice = body.slice(0, body.size() - 1);
  }
  EXPECT_EQ(slice, "{\"a\":1");
  EXPECT_EQ(slice.slice(1), "\"a\":1");
  EXPECT_EQ(slice.slice(1, 100), "\"a\":1");
  EXPECT_TRUE(slice.slice(slice.size()).empty());
}

TEST(Body, ADefaultOneIsEmpty) {
  const Body body;
  EXPECT_TRUE(body.empty());
  EXPECT_EQ(body, "");
  EXPECT_EQ(body.buffer_bytes(), 0U);
  EXPECT_TRUE(body.slice(0).empty());
}

TEST(Body, EqualBytesAreEqualBodies) {
  EXPECT_EQ(Body("abc"), Body::copy_of("abc"));
  EXPECT_FALSE(Body("abc") == Body("abd"));
}

}  // namespace
}  // namespace wx
