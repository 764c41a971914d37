#include "base/error.hpp"

#include <set>

#include <gtest/gtest.h>

namespace wx {
namespace {

TEST(Error, EveryKindHasANameOfItsOwnAndASentence) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kErrorKinds; ++i) {
    const auto kind = static_cast<ErrorKind>(i);
    EXPECT_TRUE(names.insert(name(kind)).second) << name(kind);
    EXPECT_EQ(name(kind).find_first_not_of("abcdefghijklmnopqrstuvwxyz-"), std::string_view::npos) << name(kind);
    EXPECT_FALSE(sentence(kind).empty()) << name(kind);
    EXPECT_FALSE(sentence(kind).ends_with('.')) << name(kind);
  }
}

TEST(Error, FailCarriesKindAndDetail) {
  const Result<int> result = fail(ErrorKind::provider_timeout, "5s");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::provider_timeout);
  EXPECT_EQ(result.error().detail, "5s");
  EXPECT_EQ(result.error().retry_after, std::nullopt);
  EXPECT_EQ(result.error().provider_status, 0);
}

}  // namespace
}  // namespace wx
