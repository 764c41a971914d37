#include "app/listen_address.hpp"

#include <gtest/gtest.h>

namespace wx::app {
namespace {

TEST(ListenAddress, IsAnyAddressInEverySpelling) {
  for (const auto* address : {"0.0.0.0", "::", "0::0", "0:0:0:0:0:0:0:0"}) EXPECT_TRUE(is_any_address(address));
  for (const auto* address : {"127.0.0.1", "::1", "10.0.0.0", "", "localhost"}) EXPECT_FALSE(is_any_address(address));
}

TEST(ListenAddress, PutsIpv6IntoBrackets) {
  EXPECT_EQ(url_host("127.0.0.1"), "127.0.0.1");
  EXPECT_EQ(url_host("::1"), "[::1]");
}

}  // namespace
}  // namespace wx::app
