#include "base/ip_address.hpp"

#include <string>

#include <gtest/gtest.h>

namespace wx {
namespace {

std::string canonical(std::string_view text) {
  const auto address = parse_ip(text);
  return address ? format_ip(*address) : "none";
}

bool contains(std::string_view network, std::string_view address) {
  const auto parsed = parse_network(network);
  EXPECT_TRUE(parsed) << network;
  return parsed && parsed->contains(*parse_ip(address));
}

TEST(IpAddress, IsReadInEitherFamily) {
  EXPECT_EQ(canonical("192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(canonical("2001:DB8:0:0::0001"), "2001:db8::1");
  EXPECT_EQ(canonical("::"), "::");
  EXPECT_EQ(canonical("::ffff:192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(parse_ip("::ffff:c000:201"), parse_ip("192.0.2.1"));
  EXPECT_TRUE(parse_ip("192.0.2.1")->is_v4());
  EXPECT_FALSE(parse_ip("2001:db8::1")->is_v4());
}

TEST(IpAddress, AnythingElseIsNone) {
  for (const std::string_view text :
       {"", "localhost", "192.0.2", "192.0.2.256", "192.0.2.1 ", " 192.0.2.1", "192.0.2.1:80", "[::1]", "::1%eth0",
        "1:2:3:4:5:6:7:8:9", "fe80:", "192.0.2.1/24", "0x7f000001", "unknown", "_hidden"}) {
    EXPECT_FALSE(parse_ip(text)) << text;
  }
  EXPECT_FALSE(parse_ip(std::string(1000, '1')));
  EXPECT_FALSE(parse_ip(std::string_view("127.0.0.1\0", 10)));
}

TEST(IpNetwork, ContainsWhatItsPrefixSays) {
  EXPECT_TRUE(contains("10.0.0.0/8", "10.255.0.1"));
  EXPECT_FALSE(contains("10.0.0.0/8", "11.0.0.1"));
  EXPECT_TRUE(contains("192.0.2.128/25", "192.0.2.200"));
  EXPECT_FALSE(contains("192.0.2.128/25", "192.0.2.127"));
  EXPECT_TRUE(contains("192.0.2.7/31", "192.0.2.6"));
  EXPECT_TRUE(contains("192.0.2.7", "192.0.2.7"));
  EXPECT_FALSE(contains("192.0.2.7", "192.0.2.6"));
  EXPECT_TRUE(contains("2001:db8::/33", "2001:db8:7fff::1"));
  EXPECT_FALSE(contains("2001:db8::/33", "2001:db8:8000::1"));
  EXPECT_TRUE(contains("0.0.0.0/0", "255.1.2.3"));
  EXPECT_FALSE(contains("0.0.0.0/0", "2001:db8::1"));
  EXPECT_TRUE(contains("::/0", "2001:db8::1"));
  EXPECT_TRUE(contains("::/0", "192.0.2.1"));
  EXPECT_TRUE(contains("10.0.0.0/8", "::ffff:10.1.2.3"));
}

TEST(IpNetwork, AnythingElseIsNone) {
  for (const std::string_view text : {"", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8/8",
                                      "::/129", "10.0.0/8", "10.0.0.0/255.0.0.0", "example.org"}) {
    EXPECT_FALSE(parse_network(text)) << text;
  }
}

TEST(IpNetwork, IsWrittenAsItIsRead) {
  for (const std::string_view text : {"10.0.0.0/8", "192.0.2.1", "2001:db8::/32", "::1", "0.0.0.0/0", "::/0",
                                      "::ffff:1.2.3.4/64", "::ffff:1.2.3.4/0", "::ffff:1.2.3.4/95"}) {
    EXPECT_EQ(format_network(*parse_network(text)), text);
  }
  EXPECT_EQ(format_network(*parse_network("192.0.2.1/32")), "192.0.2.1");
  EXPECT_EQ(format_network(*parse_network("::ffff:1.2.3.4/96")), "1.2.3.4/0");
  EXPECT_EQ(format_network(*parse_network("::ffff:1.2.3.4/120")), "1.2.3.4/24");
}

}  // namespace
}  // namespace wx
