#include "http_client/host_address.hpp"

#include <string>

#include <gtest/gtest.h>

namespace wx::http_client {
namespace {

// What the text means, or why it means nothing.
std::string read(std::string_view text) {
  const auto parsed = parse_host_addresses(text);
  return parsed ? format_host_addresses(*parsed) : parsed.error().detail;
}

TEST(HostAddress, IsAHostAndItsAddress) {
  EXPECT_EQ(read("api.example.org:192.0.2.1"), "api.example.org:192.0.2.1");
  EXPECT_EQ(read("API.Example.org:192.0.2.1"), "api.example.org:192.0.2.1");
  EXPECT_EQ(read("api.example.org:2001:db8::1"), "api.example.org:2001:db8::1");
  EXPECT_EQ(read("api.example.org:[2001:db8::1]"), "api.example.org:2001:db8::1");
  EXPECT_EQ(read("*.example.org:::1"), "*.example.org:::1");
  EXPECT_EQ(read("a:192.0.2.1, *.b:2001:db8::1 ,c_1:192.0.2.3"), "a:192.0.2.1,*.b:2001:db8::1,c_1:192.0.2.3");
}

TEST(HostAddress, SaysWhatIsWrong) {
  EXPECT_EQ(read(""), "entry 1 is not host:address");
  EXPECT_EQ(read("192.0.2.1"), "entry 1 is not host:address");
  EXPECT_EQ(read("a:192.0.2.1,"), "entry 2 is not host:address");
  for (const std::string host : {"", "*", "*.", "*.*.a", "a*", ".a", "a..b", "-a", "a b", "ä"}) {
    EXPECT_EQ(read(host + ":192.0.2.1"), "entry 1 does not begin with a host name, or with *. and a host name") << host;
  }
  for (const std::string address : {"", "b", "192.0.2", "192.0.2.256", "//192.0.2.1", "443:192.0.2.1", "[::1",
                                    "2001:db8::1%eth0", "192.0.2.1/32"}) {
    EXPECT_EQ(read("a:" + address), "entry 1 does not end with an IPv4 or IPv6 address") << address;
  }
  EXPECT_EQ(read("a:[]"), "entry 1 has brackets around what is not an IPv6 address");
  EXPECT_EQ(read("a:[192.0.2.1]"), "entry 1 has brackets around what is not an IPv6 address");
}

TEST(HostAddress, IsOfItsHostInAnyCase) {
  const HostAddress one{.host = "api.example.org", .address = "192.0.2.1"};
  EXPECT_TRUE(one.is_of("api.example.org"));
  EXPECT_TRUE(one.is_of("API.example.org"));
  EXPECT_FALSE(one.is_of("b.api.example.org"));
  EXPECT_FALSE(one.is_of("example.org"));
  const HostAddress all{.host = "*.example.org", .address = "192.0.2.1"};
  EXPECT_TRUE(all.is_of("api.Example.org"));
  EXPECT_TRUE(all.is_of("a.b.example.org"));
  EXPECT_FALSE(all.is_of("example.org"));
  EXPECT_FALSE(all.is_of(".example.org"));
  EXPECT_FALSE(all.is_of("badexample.org"));
  EXPECT_FALSE(all.is_of("api.example.org.net"));
}

}  // namespace
}  // namespace wx::http_client
