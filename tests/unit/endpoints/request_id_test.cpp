#include "endpoints/request_id.hpp"

#include <set>

#include <gtest/gtest.h>

#include "base/text.hpp"

namespace wx::endpoints {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";

// xxxxxxxx-xxxx-Vxxx-[89ab]xxx-xxxxxxxxxxxx
void expect_uuid(std::string_view text, char version) {
  ASSERT_EQ(text.size(), 36U) << text;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    EXPECT_TRUE(dash ? text[i] == '-' : kHex.contains(text[i])) << text << " at " << i;
  }
  EXPECT_EQ(text[14], version) << text;
  EXPECT_TRUE(std::string_view("89ab").contains(text[19])) << text;
}

std::string id(std::optional<std::string_view> sent) {
  Random random(1);
  return std::string(RequestId(sent, random).text());
}

TEST(RequestId, IsTheClientsIfThatIsHarmless) {
  for (const auto* sent : {"a", "0", "abc-DEF_1.2", "-", "...", "5e0e4f3a-28f5-4a4e-8a5c-0d7b3d1f2c11"}) {
    EXPECT_EQ(id(sent), sent);
  }
  const std::string longest(64, 'x');
  EXPECT_EQ(id(longest), longest);
}

TEST(RequestId, IsAUuidOfOurOwnElse) {
  expect_uuid(id(std::nullopt), '4');
  for (const std::string sent : {"", " ", "a b", "a,b", "a/b", "a\"b", "<a>", "a\r\nb", "\xc3\xa9", "a:b", "a+b"}) {
    expect_uuid(id(sent), '4');
  }
  expect_uuid(id(std::string(65, 'x')), '4');
  expect_uuid(id(std::string_view("a\0b", 3)), '4');
}

TEST(RequestId, IsAnotherEachTime) {
  Random random(1);
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const auto text = std::string(RequestId(std::nullopt, random).text());
    expect_uuid(text, '4');
    EXPECT_TRUE(seen.insert(text).second) << text;
  }
}

TEST(RequestId, StandsAsItselfInAProblemIfItIsAUuid) {
  Random random(1);
  const RequestId own(std::nullopt, random);
  EXPECT_EQ(own.uuid().text(), own.text());
  constexpr std::string_view kSent = "5E0E4F3A-28F5-4A4E-8A5C-0D7B3D1F2C11";
  EXPECT_EQ(RequestId(kSent, random).uuid().text(), kSent);
}

TEST(RequestId, StandsAsOneAndTheSameUuidElse) {
  Random random(1);
  const auto first = std::string(RequestId("trace-1", random).uuid().text());
  expect_uuid(first, '8');
  EXPECT_EQ(RequestId("trace-1", random).uuid().text(), first);
  EXPECT_NE(RequestId("trace-2", random).uuid().text(), first);
  // The right length, but no UUID.
  expect_uuid(RequestId(std::string(36, 'x'), random).uuid().text(), '8');
  expect_uuid(RequestId("5e0e4f3a_28f5-4a4e-8a5c-0d7b3d1f2c11", random).uuid().text(), '8');
}

}  // namespace
}  // namespace wx::endpoints
