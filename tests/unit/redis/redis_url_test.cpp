#include "redis/redis_url.hpp"

#include <gtest/gtest.h>

#include "base/text.hpp"

namespace wx::redis {
namespace {

Url parsed(std::string_view text) {
  auto url = parse_url(text);
  EXPECT_TRUE(url) << text << ": " << (url ? "" : url.error().detail);
  return url.value_or(Url{});
}

std::string refused(std::string_view text) {
  const auto url = parse_url(text);
  EXPECT_FALSE(url) << text;
  if (url) return "";
  EXPECT_EQ(url.error().kind, ErrorKind::bad_parameter);
  EXPECT_FALSE(url.error().detail.empty());
  return url.error().detail;
}

TEST(RedisUrl, ReadsHostAndPort) {
  Url plain;
  plain.address.host = "cache";
  EXPECT_EQ(parsed("redis://cache"), plain);
  EXPECT_EQ(parsed("redis://localhost:6380/").address.port, 6380);
  EXPECT_EQ(parsed("valkey://cache"), parsed("redis://cache"));
  EXPECT_EQ(parsed("REDIS://cache"), parsed("redis://cache"));
  EXPECT_EQ(parsed("redis://[::1]:7000").address.host, "::1");
  EXPECT_EQ(parsed("redis://[::1]:7000").address.port, 7000);
  EXPECT_EQ(parsed("redis://[fe80::1%eth0]").address.host, "fe80::1%eth0");
}

TEST(RedisUrl, KnowsWhichSchemesMeanTls) {
  EXPECT_TRUE(parsed("rediss://cache").address.tls);
  EXPECT_TRUE(parsed("valkeys://cache").address.tls);
  EXPECT_FALSE(parsed("redis://cache").address.tls);
  EXPECT_FALSE(parsed("unix:///run/redis.sock").address.tls);
}

TEST(RedisUrl, DecodesUserAndPassword) {
  const Url url = parsed("redis://al%40ice:p%2Fss%3A%25@cache");
  EXPECT_EQ(url.credentials.user, "al@ice");
  EXPECT_EQ(url.credentials.password, "p/ss:%");
  EXPECT_TRUE(url.credentials.authenticate);
  EXPECT_FALSE(parsed("redis://cache").credentials.authenticate);
  EXPECT_FALSE(parsed("redis://:@cache").credentials.authenticate);
}

TEST(RedisUrl, TakesAPasswordAloneForTheDefaultUser) {
  EXPECT_EQ(parsed("redis://:secret@cache").credentials.user, "default");
  EXPECT_EQ(parsed("redis://cache?password=secret").credentials.user, "default");
  EXPECT_EQ(parsed("redis://cache?password=secret").credentials.password, "secret");
}

TEST(RedisUrl, TakesTheLastAtSignAsTheEndOfThePassword) {
  const Url url = parsed("redis://user:p@ss@cache");
  EXPECT_EQ(url.credentials.password, "p@ss");
  EXPECT_EQ(url.address.host, "cache");
}

TEST(RedisUrl, ReadsTheDatabaseFromPathOrQuery) {
  EXPECT_EQ(parsed("redis://cache/3").database, 3U);
  EXPECT_EQ(parsed("redis://cache?db=4").database, 4U);
  EXPECT_EQ(parsed("redis://cache/?db=4").database, 4U);
  EXPECT_EQ(parsed("unix:///run/redis.sock?db=5").database, 5U);
  refused("redis://cache/3?db=4");
  refused("redis://cache/three");
  refused("redis://cache/-1");
  refused("redis://cache/3/4");
  refused("redis://cache/99999999999");
}

TEST(RedisUrl, ReadsTheSocketsPath) {
  const Url url = parsed("unix://user:secret@/run/my%20redis.sock");
  EXPECT_EQ(url.address.socket_path, "/run/my redis.sock");
  EXPECT_TRUE(url.address.is_unix());
  EXPECT_EQ(url.credentials.password, "secret");
  refused("unix://run/redis.sock");
  refused("unix://");
  refused("unix:///" + std::string(200, 'x'));
}

TEST(RedisUrl, NamesTheNearestKnownQueryKey) {
  EXPECT_NE(refused("redis://cache?dbb=1").find("did you mean \"db\""), std::string::npos);
  EXPECT_NE(refused("redis://cache?pasword=x").find("did you mean \"password\""), std::string::npos);
  EXPECT_NE(refused("redis://cache?use=x").find("did you mean \"user\""), std::string::npos);
  refused("redis://cache?db=1&db=1");
}

TEST(RedisUrl, ReadsKeysOfOtherClientsThatHaveOneMeaning) {
  EXPECT_EQ(parsed("redis://cache?protocol=3"), parsed("redis://cache"));
  EXPECT_EQ(parsed("rediss://cache?ssl_cert_reqs=required&protocol=3&db=2"), parsed("rediss://cache/2"));
  EXPECT_EQ(parsed("redis://cache?database=4"), parsed("redis://cache/4"));
  EXPECT_EQ(parsed("redis://cache?username=alice&password=secret"), parsed("redis://alice:secret@cache"));
  refused("redis://cache?db=1&database=1");
  refused("redis://alice:secret@cache?username=alice");
}

TEST(RedisUrl, TakesAKeyForTlsThatAgreesWithTheScheme) {
  for (const char* query : {"ssl=true", "tls=true", "ssl=True", "tls=1"}) {
    EXPECT_EQ(parsed(std::string("rediss://cache?db=2&") + query), parsed("rediss://cache/2")) << query;
    EXPECT_NE(refused(std::string("redis://cache?") + query).find("rediss://"), std::string::npos) << query;
  }
  EXPECT_EQ(parsed("redis://cache?ssl=false"), parsed("redis://cache"));
  EXPECT_NE(refused("rediss://cache?tls=no").find("does not agree"), std::string::npos);
  for (const char* query : {"ssl", "ssl=", "tls=", "ssl=maybe", "ssl=none"}) {
    for (const char* url : {"redis://cache?", "rediss://cache?"}) {
      EXPECT_EQ(refused(std::string(url) + query),
                cat(std::string(query).substr(0, 3), "= must be true or false, or left out"));
    }
  }
  EXPECT_EQ(parsed("rediss://cache?ssl_cert_reqs=Required"), parsed("rediss://cache"));
  for (const char* query : {"insecure=false", "insecure=0", "insecure=No"}) {
    EXPECT_EQ(parsed(std::string("rediss://cache?") + query), parsed("rediss://cache")) << query;
  }
  for (const char* query : {"insecure", "insecure=1", "insecure=true", "insecure=maybe"}) {
    EXPECT_NE(refused(std::string("rediss://cache?") + query).find("REDIS_CA_FILE"), std::string::npos) << query;
  }
}

TEST(RedisUrl, SaysWhatToWriteForKeysOfOtherClientsThatItDoesNotTake) {
  EXPECT_NE(refused("redis://cache?protocol=2").find("write protocol=3 or leave it out"), std::string::npos);
  EXPECT_NE(refused("redis://cache?tls=true").find("rediss://"), std::string::npos);
  EXPECT_NE(refused("rediss://cache?ssl_cert_reqs=none").find("REDIS_CA_FILE"), std::string::npos);
  EXPECT_NE(refused("redis://cache?timeout=5").find("REDIS_TIMEOUT"), std::string::npos);
}

TEST(RedisUrl, RefusesWhatItCannotRead) {
  for (const char* text : {"",
                           "cache",
                           "cache:6379",
                           "http://cache",
                           "redis:/cache",
                           "redis://",
                           "redis://:6379",
                           "redis://cache:",
                           "redis://one,two",
                           "redis://one:6379,two:6379",
                           "redis://cache:0",
                           "redis://cache:65536",
                           "redis://cache:abc",
                           "redis://cache:6379x",
                           "redis://::1",
                           "redis://[::1",
                           "redis://[::1]6379",
                           "redis://[zz]",
                           "redis://[1]",
                           "redis://ca che",
                           "redis://cache\n",
                           "redis://cache#x",
                           "redis://user@cache",
                           "redis://a:%zz@cache",
                           "redis://a:%4@cache"}) {
    refused(text);
  }
}

TEST(RedisUrl, NeverRepeatsThePassword) {
  for (const char* text :
       {"redis://hunter2@cache", "redis://:hunter2@cache:port", "redis://user:hunter2/x@cache",
        "redis://user:hunter2?x@cache", "redis://user:hunter2#x@cache", "redis://user:hunter2%zz@cache",
        "redis://user:hunter2@cache?nope=1", "redis://cache?hunter2", "redis://cache?hunter2=x",
        "redis://cache?protocol=hunter2", "redis://cache?tls=hunter2", "redis://cache?password=x&hunter2",
        "redis://user:hunter2 x@cache", "http://user:hunter2@cache", "redis://user:hunter2@cache?password=hunter2",
        "redis://user:hunter2"}) {
    EXPECT_EQ(refused(text).find("hunter2"), std::string::npos) << text;
  }
}

TEST(RedisUrl, IsDescribedWithoutThePassword) {
  EXPECT_EQ(describe(parsed("rediss://alice:secret@cache:6380/3")), "rediss://alice@cache:6380/3");
  EXPECT_EQ(describe(parsed("redis://:secret@cache:6379/0")), "redis://cache");
  EXPECT_EQ(describe(parsed("redis://[::1]:7000")), "redis://[::1]:7000");
  EXPECT_EQ(describe(parsed("unix://:secret@/run/redis.sock?db=2")), "unix:///run/redis.sock?db=2");
}

}  // namespace
}  // namespace wx::redis
