#include "endpoints/client_address.hpp"

#include <string>

#include <gtest/gtest.h>

#include "base/random.hpp"
#include "base/text.hpp"

namespace wx::endpoints {
namespace {

std::string client(std::string_view peer, std::string_view forwarded_for, std::string_view proxies) {
  const auto trusted = parse_trusted_proxies(proxies);
  EXPECT_TRUE(trusted) << proxies;
  return std::string(client_address(peer, forwarded_for, *trusted));
}

TEST(ClientAddress, IsThePeerUnlessThatIsTrusted) {
  EXPECT_EQ(client("198.51.100.1", "203.0.113.7", ""), "198.51.100.1");
  EXPECT_EQ(client("198.51.100.1", "203.0.113.7", "10.0.0.0/8"), "198.51.100.1");
  EXPECT_EQ(client("10.0.0.1", "203.0.113.7", "10.0.0.0/8"), "203.0.113.7");
  EXPECT_EQ(client("::ffff:10.0.0.1", "203.0.113.7", "10.0.0.0/8"), "203.0.113.7");
  EXPECT_EQ(client("", "203.0.113.7", "10.0.0.0/8"), "");
}

TEST(ClientAddress, IsTheLastThatIsNotTrusted) {
  EXPECT_EQ(client("10.0.0.1", "192.0.2.66, 203.0.113.7, 10.0.0.2", "10.0.0.0/8"), "203.0.113.7");
  EXPECT_EQ(client("10.0.0.1", "192.0.2.66, 203.0.113.7 ,10.0.0.2,10.0.0.3", "10.0.0.0/8"), "203.0.113.7");
  EXPECT_EQ(client("10.0.0.1", "192.0.2.66, 2001:db8::7", "10.0.0.0/8, 2001:db8::/64"), "192.0.2.66");
}

TEST(ClientAddress, WhatTheClientWroteItselfCountsForNothing) {
  EXPECT_EQ(client("10.0.0.1", "10.0.0.9, 203.0.113.7", "10.0.0.0/8"), "203.0.113.7");
  EXPECT_EQ(client("10.0.0.1", "garbage, \"; drop, 203.0.113.7", "10.0.0.0/8"), "203.0.113.7");
}

TEST(ClientAddress, IsThePeerWhenTheListNamesNobodyElse) {
  EXPECT_EQ(client("10.0.0.1", "", "10.0.0.0/8"), "10.0.0.1");
  EXPECT_EQ(client("10.0.0.1", "10.0.0.2, 10.0.0.3", "10.0.0.0/8"), "10.0.0.1");
}

TEST(ClientAddress, GarbageHidesWhatIsLeftOfIt) {
  for (const auto* const garbage : {"unknown", "", " ", "_hidden", "203.0.113", "[2001:db8::1", "[2001:db8::1]x",
                                    "203.0.113.7:http", "203.0.113.7:", "\"", "\"\"", "::1%eth0", "\xff\xfe"}) {
    EXPECT_EQ(client("10.0.0.1", cat("203.0.113.7, ", garbage), "10.0.0.0/8"), "10.0.0.1") << garbage;
    EXPECT_EQ(client("10.0.0.1", cat("203.0.113.7, ", garbage, ", 10.0.0.2"), "10.0.0.0/8"), "10.0.0.1") << garbage;
  }
}

TEST(ClientAddress, PortsAndBracketsAreNotPartOfIt) {
  EXPECT_EQ(client("10.0.0.1", "203.0.113.7:4711", "10.0.0.0/8"), "203.0.113.7");
  EXPECT_EQ(client("10.0.0.1", "[2001:db8::7]:4711", "10.0.0.0/8"), "2001:db8::7");
  EXPECT_EQ(client("10.0.0.1", "[2001:db8::7]", "10.0.0.0/8"), "2001:db8::7");
  EXPECT_EQ(client("10.0.0.1", "2001:db8::7", "10.0.0.0/8"), "2001:db8::7");
  EXPECT_EQ(client("10.0.0.1", "\"[2001:db8::7]:4711\"", "10.0.0.0/8"), "2001:db8::7");
}

TEST(ClientAddress, APlatformsFrontEndMayHaveAnyAddress) {
  EXPECT_EQ(client("169.254.1.1", "192.0.2.66, 203.0.113.7", "peer"), "203.0.113.7");
  EXPECT_EQ(client("unix", "203.0.113.7", "peer"), "203.0.113.7");
  EXPECT_EQ(client("169.254.1.1", "203.0.113.7, 10.0.0.2", "10.0.0.0/8, peer"), "203.0.113.7");
  EXPECT_EQ(client("169.254.1.1", "", "peer"), "169.254.1.1");
}

TEST(ClientAddress, TheListOfProxiesIsReadStrictly) {
  EXPECT_TRUE(parse_trusted_proxies("")->none());
  EXPECT_TRUE(parse_trusted_proxies("  ")->none());
  EXPECT_FALSE(parse_trusted_proxies("peer")->none());
  EXPECT_EQ(parse_trusted_proxies(" 10.0.0.0/8 ,::1, PEER ")->networks.size(), 2U);
  for (const auto* const part : {"10.0.0.0/33", "example.org", "*", "10.0.0.", "[::1]"}) {
    EXPECT_EQ(parse_trusted_proxies(cat("127.0.0.1, ", part)).error().detail,
              "part 2 is neither an address such as 10.0.0.1 nor a network such as 10.0.0.0/8")
        << part;
  }
  for (const std::string_view text : {"", "peer", "10.0.0.0/8,::1,peer"}) {
    EXPECT_EQ(format_trusted_proxies(*parse_trusted_proxies(text)), text);
  }
  EXPECT_FALSE(parse_trusted_proxies("127.0.0.1,"));
  EXPECT_FALSE(parse_trusted_proxies("127.0.0.1,,::1"));
}

TEST(ClientAddress, AnyBytesGiveAnAddressOrThePeer) {
  constexpr std::string_view kPieces[] = {"1", "0",  ".",           ":",  ",", " ",   "[",
                                          "]", "\"", "203.0.113.7", "::", "x", "\xff"};
  Random random(1);
  const auto trusted = *parse_trusted_proxies("10.0.0.0/8");
  for (int i = 0; i < 20'000; ++i) {
    std::string field;
    for (auto n = random.next() % 12; n > 0; --n) field += kPieces[random.next() % std::size(kPieces)];
    const auto found = client_address("10.0.0.1", field, trusted);
    ASSERT_TRUE(parse_ip(found)) << field;
  }
}

}  // namespace
}  // namespace wx::endpoints
