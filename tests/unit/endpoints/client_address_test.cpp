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
  return std::string(client_address(peer, {.x_forwarded_for = forwarded_for, .forwarded = {}}, *trusted));
}

// Behind 10.0.0.1, with networks 10.0.0.0/8 and 2001:db8:feed::/48 of trusted proxies.
std::string forwarded(std::string_view field, std::string_view x_forwarded_for = "") {
  const auto trusted = parse_trusted_proxies("10.0.0.0/8, 2001:db8:feed::/48");
  return std::string(client_address("10.0.0.1", {.x_forwarded_for = x_forwarded_for, .forwarded = field}, *trusted));
}
constexpr std::string_view kPeer = "10.0.0.1";

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
  for (const auto* const garbage :
       {"unknown", "", " ", "_hidden", "203.0.113", "[2001:db8::1", "[2001:db8::1]x", "203.0.113.7:http",
        "203.0.113.7:", "\"", "\"\"", "::1%eth0", "203.0.113.7:_", "203.0.113.7:_%", "\xff\xfe"}) {
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

// The examples of RFC 7239 §4, §6, §7.1 and §7.4.
TEST(Forwarded, IsReadAsItsRfcWritesIt) {
  EXPECT_EQ(forwarded("for=\"_gazonk\""), kPeer);
  EXPECT_EQ(forwarded("For=\"[2001:db8:cafe::17]:4711\""), "2001:db8:cafe::17");
  EXPECT_EQ(forwarded("for=192.0.2.60;proto=http;by=203.0.113.43"), "192.0.2.60");
  EXPECT_EQ(forwarded("for=192.0.2.43, for=198.51.100.17"), "198.51.100.17");
  EXPECT_EQ(forwarded("for=_hidden, for=_SEVKISEK"), kPeer);
  EXPECT_EQ(forwarded("for=\"192.0.2.43:47011\""), "192.0.2.43");
  EXPECT_EQ(forwarded("for=\"[2001:db8:cafe::17]:47011\""), "2001:db8:cafe::17");
  EXPECT_EQ(forwarded("for=192.0.2.43, for=\"[2001:db8:cafe::17]\", for=unknown"), kPeer);
  EXPECT_EQ(forwarded("for=192.0.2.43,for=\"[2001:db8:cafe::17]\""), "2001:db8:cafe::17");
  EXPECT_EQ(forwarded("for=192.0.2.43, for=\"[2001:db8:cafe::17]\""), "2001:db8:cafe::17");
  EXPECT_EQ(forwarded("for=_hidden, for=192.0.2.43;secret=egah2CGj55fSJFs, for=10.1.2.3"), "192.0.2.43");
}

TEST(Forwarded, PassesTrustedProxiesFromTheRight) {
  EXPECT_EQ(forwarded("for=192.0.2.66, for=203.0.113.7;by=10.0.0.2, for=10.0.0.2"), "203.0.113.7");
  EXPECT_EQ(forwarded("for=192.0.2.66, for=\"[2001:db8:feed::1]:443\""), "192.0.2.66");
  EXPECT_EQ(forwarded("for=10.0.0.3, for=10.0.0.2"), kPeer);
  EXPECT_EQ(forwarded(""), kPeer);
}

TEST(Forwarded, HasParametersInAnyOrderAndCase) {
  EXPECT_EQ(forwarded("by=10.0.0.2;host=\"a, b; for=192.0.2.1\";proto=https;FOR=203.0.113.7"), "203.0.113.7");
  EXPECT_EQ(forwarded("; proto=https ; for=203.0.113.7;"), "203.0.113.7");
  EXPECT_EQ(forwarded("for=\"203.0.113.7:_http\""), "203.0.113.7") << "a hidden port (§6.3)";
  EXPECT_EQ(forwarded("for=\"2001:db8::7\""), "2001:db8::7") << "brackets are missing, but the meaning is clear";
  EXPECT_EQ(forwarded("x=\"\\\"\";for=203.0.113.7, for=10.0.0.2"), "203.0.113.7");
}

TEST(Forwarded, GarbageHidesWhatIsLeftOfIt) {
  for (const auto* const garbage : {"",
                                    " ",
                                    "for",
                                    "for=",
                                    "for=\"\"",
                                    "=203.0.113.7",
                                    "for =203.0.113.7",
                                    "for= 203.0.113.7",
                                    "for=unknown",
                                    "for=203.0.113",
                                    "for=203.0.113.7:80",
                                    "for=[2001:db8::1]",
                                    "for=\"[2001:db8::1\"",
                                    "for=\"203.0.113.7:\"",
                                    "for=\"203.0.113.7:x\"",
                                    "for=\"203.0.113.7:_\"",
                                    "for=203.0.113.7;for=203.0.113.8",
                                    "for=\"203.0.113.\\7\"",
                                    "for=203.0.113.7;x",
                                    "for=203.0.113.7;x=\"",
                                    "for=\"203.0.113.7",
                                    "203.0.113.7",
                                    "proto=https",
                                    "\xff\xfe"}) {
    EXPECT_EQ(forwarded(cat("for=198.51.100.1, ", garbage)), kPeer) << garbage;
    EXPECT_EQ(forwarded(cat("for=198.51.100.1, ", garbage, ", for=10.0.0.2")), kPeer) << garbage;
  }
}

TEST(Forwarded, WhatTheClientWroteItselfCountsForNothing) {
  for (const auto* const client :
       {"for=10.0.0.9", "garbage", "for=\"", "for=\"\\", "\"a\"\"", "x=\"\\\\\"", "for=a;;="}) {
    EXPECT_EQ(forwarded(cat(client, ", for=203.0.113.7")), "203.0.113.7") << client;
    EXPECT_EQ(forwarded(cat(client, ", for=\"[2001:db8::7]\";by=\"10.0.0.1\"")), "2001:db8::7") << client;
  }
}

// A proxy that writes one of the fields may pass on the other as the client sent it.
TEST(Forwarded, BesideXForwardedForCountsOnlyIfBothAgree) {
  EXPECT_EQ(forwarded("for=203.0.113.7", "203.0.113.7"), "203.0.113.7");
  EXPECT_EQ(forwarded("for=\"[::ffff:203.0.113.7]\"", "192.0.2.66, 203.0.113.7:80"), "203.0.113.7");
  EXPECT_EQ(forwarded("for=\"[2001:db8:0::7]\";proto=https", "2001:DB8::7"), "2001:DB8::7");
  EXPECT_EQ(forwarded("for=192.0.2.66", "203.0.113.7"), kPeer);
  EXPECT_EQ(forwarded("for=203.0.113.7", "192.0.2.66"), kPeer);
  EXPECT_EQ(forwarded("for=203.0.113.7", "unknown"), kPeer);
  EXPECT_EQ(forwarded("for=unknown", "203.0.113.7"), kPeer);
  EXPECT_EQ(forwarded("for=\"", "203.0.113.7"), kPeer);
  EXPECT_EQ(forwarded("for=10.0.0.2", "203.0.113.7"), kPeer) << "one tells of a client, the other of none";
}

TEST(Forwarded, WithoutForLeavesTheClientToXForwardedFor) {
  EXPECT_EQ(forwarded("proto=https;host=example.org, proto=http", "203.0.113.7"), "203.0.113.7");
  EXPECT_EQ(forwarded("proto=https"), kPeer);
}

TEST(Forwarded, IsIgnoredFromOthers) {
  const auto trusted = *parse_trusted_proxies("10.0.0.0/8");
  EXPECT_EQ(client_address("198.51.100.1", {.x_forwarded_for = {}, .forwarded = "for=203.0.113.7"}, trusted),
            "198.51.100.1");
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
  constexpr std::string_view kPieces[] = {"1", "0",  ".",           ":",  ",", " ",    "[",  "]",
                                          "=", "\"", "203.0.113.7", "::", ";", "for=", "\\", "\xff"};
  Random random(1);
  const auto trusted = *parse_trusted_proxies("10.0.0.0/8");
  for (int i = 0; i < 20'000; ++i) {
    std::string field;
    for (auto n = random.next() % 12; n > 0; --n) field += kPieces[random.next() % std::size(kPieces)];
    ASSERT_TRUE(parse_ip(client_address("10.0.0.1", {.x_forwarded_for = field, .forwarded = {}}, trusted))) << field;
    ASSERT_TRUE(parse_ip(client_address("10.0.0.1", {.x_forwarded_for = {}, .forwarded = field}, trusted))) << field;
    ASSERT_TRUE(parse_ip(client_address("10.0.0.1", {.x_forwarded_for = "192.0.2.1", .forwarded = field}, trusted)));
  }
}

}  // namespace
}  // namespace wx::endpoints
