#include "endpoints/headers.hpp"

#include <gtest/gtest.h>

namespace wx::endpoints {
namespace {

using cache::Outcome;
using cache::Served;
using cache::Spans;
using cache::Tier;
using std::chrono::microseconds;
using std::chrono::minutes;
using std::chrono::seconds;

Served served(Outcome outcome, Tier tier, nanoseconds age = nanoseconds(0), milliseconds fresh_for = seconds(10)) {
  cache::Entry entry;
  entry.body = "{}";
  entry.spans = Spans{.fresh_for = fresh_for, .stale_for = seconds(60), .keep_for = seconds(600)};
  Served served;
  served.entry = std::make_shared<const cache::Entry>(std::move(entry));
  served.outcome = outcome;
  served.tier = tier;
  served.age = age;
  return served;
}

Served stored(Outcome outcome, milliseconds fresh_for = seconds(10)) {
  auto result = served(outcome, Tier::loader, nanoseconds(0), fresh_for);
  result.stored = true;
  return result;
}

std::string status(const Served& served) {
  std::string out;
  append_cache_status(out, served);
  return out;
}

// Each row of the published table.
TEST(CacheStatus, OfAMemoryHit) {
  EXPECT_EQ(status(served(Outcome::hit, Tier::memory, seconds(3))),
            "X-Cache: HIT\r\nCache-Status: weather-cache; hit; ttl=7; detail=memory\r\nAge: 3\r\n");
}

TEST(CacheStatus, OfARedisHit) {
  EXPECT_EQ(status(served(Outcome::hit, Tier::redis, seconds(3))),
            "X-Cache: HIT\r\nCache-Status: weather-cache; hit; ttl=7; detail=redis\r\nAge: 3\r\n");
}

TEST(CacheStatus, OfAStaleAnswerWithARefreshBehind) {
  EXPECT_EQ(status(served(Outcome::stale_while_revalidate, Tier::memory, seconds(14))),
            "X-Cache: STALE\r\nCache-Status: weather-cache; hit; ttl=-4; detail=stale-while-revalidate\r\nAge: 14\r\n");
}

TEST(CacheStatus, OfAKeptAnswerWhenTheProviderFails) {
  EXPECT_EQ(status(served(Outcome::stale_if_error, Tier::redis, seconds(52))),
            "X-Cache: STALE\r\nCache-Status: weather-cache; hit; ttl=-42; detail=stale-if-error\r\nAge: 52\r\n");
}

TEST(CacheStatus, OfAKeptAnswerWhenTheProviderIsSlow) {
  EXPECT_EQ(status(served(Outcome::soft_timeout, Tier::memory, seconds(52))),
            "X-Cache: STALE\r\nCache-Status: weather-cache; hit; ttl=-42; detail=soft-timeout\r\nAge: 52\r\n");
}

TEST(CacheStatus, OfALoadByThisRequest) {
  EXPECT_EQ(status(stored(Outcome::miss)),
            "X-Cache: MISS\r\nCache-Status: weather-cache; fwd=uri-miss; fwd-status=200; stored; ttl=10\r\nAge: 0\r\n");
}

TEST(CacheStatus, OfALoadThatWasNotStored) {
  EXPECT_EQ(status(served(Outcome::miss, Tier::loader)),
            "X-Cache: MISS\r\nCache-Status: weather-cache; fwd=uri-miss; fwd-status=200\r\nAge: 0\r\n");
}

TEST(CacheStatus, OfAWaitForSomeoneElsesLoad) {
  EXPECT_EQ(status(served(Outcome::collapsed, Tier::loader)),
            "X-Cache: MISS\r\nCache-Status: weather-cache; fwd=uri-miss; collapsed\r\nAge: 0\r\n");
}

TEST(CacheStatus, OfAKeptAnswerThatWasRefreshedWithinTheWait) {
  EXPECT_EQ(status(stored(Outcome::revalidated, minutes(15))),
            "X-Cache: MISS\r\nCache-Status: weather-cache; fwd=stale; fwd-status=200; stored; ttl=900\r\nAge: 0\r\n");
}

TEST(CacheStatus, OfAnAnswerWithoutACache) {
  EXPECT_EQ(status(served(Outcome::bypass, Tier::loader)),
            "X-Cache: BYPASS\r\nCache-Status: weather-cache; fwd=bypass\r\n");
}

TEST(CacheStatus, TellsThatRedisIsUnavailable) {
  auto miss = stored(Outcome::miss);
  miss.redis_unavailable = true;
  EXPECT_EQ(status(miss),
            "X-Cache: MISS\r\nCache-Status: weather-cache; fwd=uri-miss; fwd-status=200; stored; ttl=10; "
            "detail=redis-unavailable\r\nAge: 0\r\n");
  auto collapsed = served(Outcome::collapsed, Tier::loader);
  collapsed.redis_unavailable = true;
  EXPECT_EQ(status(collapsed),
            "X-Cache: MISS\r\nCache-Status: weather-cache; fwd=uri-miss; collapsed; detail=redis-unavailable\r\n"
            "Age: 0\r\n");
}

TEST(CacheStatus, TellsOneDetailOnlyAndTheServingReasonFirst) {
  auto kept = served(Outcome::stale_if_error, Tier::memory, seconds(52));
  kept.redis_unavailable = true;
  EXPECT_NE(status(kept).find("; detail=stale-if-error\r\n"), std::string::npos);
  EXPECT_EQ(status(kept).find("redis-unavailable"), std::string::npos);
}

TEST(CacheStatus, NeverTellsHitAndForwardTogether) {
  for (const auto outcome :
       {Outcome::hit, Outcome::stale_while_revalidate, Outcome::stale_if_error, Outcome::soft_timeout, Outcome::miss,
        Outcome::collapsed, Outcome::revalidated, Outcome::bypass}) {
    const auto text = status(served(outcome, Tier::memory));
    EXPECT_NE(text.find("; hit") != std::string::npos, text.find("; fwd=") != std::string::npos) << text;
  }
}

TEST(Age, IsRoundedDownToWholeSeconds) {
  const auto age = [](nanoseconds age) { return age_seconds(served(Outcome::hit, Tier::memory, age)); };
  EXPECT_EQ(age(nanoseconds(0)), 0);
  EXPECT_EQ(age(seconds(1) - nanoseconds(1)), 0);
  EXPECT_EQ(age(seconds(1)), 1);
  EXPECT_EQ(age(seconds(3) + milliseconds(999)), 3);
  EXPECT_EQ(age(std::chrono::hours(24)), 86'400);
}

// A client that computes max-age minus Age (RFC 9111 §4.2) gets the same result as from Cache-Status.
TEST(TimeToLive, IsWhatAgeLeavesOfMaxAge) {
  for (const milliseconds fresh : {milliseconds(10'000), milliseconds(910'345), milliseconds(1), milliseconds(1'500)}) {
    const auto max_age = std::chrono::duration_cast<seconds>(fresh).count();
    for (const nanoseconds age :
         {nanoseconds(0), nanoseconds(1), nanoseconds(milliseconds(999)), nanoseconds(milliseconds(1500)),
          nanoseconds(milliseconds(9999)), nanoseconds(seconds(10)), nanoseconds(milliseconds(14'500)),
          nanoseconds(minutes(60))}) {
      const auto one = served(Outcome::hit, Tier::memory, age, fresh);
      EXPECT_EQ(ttl_seconds(one), max_age - age_seconds(one)) << fresh.count() << " " << age.count();
    }
  }
}

// Whatever the numbers are, the lines fit into the room that is made for them.
TEST(CacheLines, FitWithTheLongestNumbers) {
  constexpr auto kLongest = nanoseconds::min();
  for (int i = 0; i <= static_cast<int>(Outcome::bypass); ++i) {
    for (const auto tier : {Tier::memory, Tier::redis, Tier::loader}) {
      auto answer = served(static_cast<Outcome>(i), tier, kLongest, milliseconds(1LL << 40));
      answer.stored = answer.redis_unavailable = true;
      answer.timings = {.redis = nanoseconds::max() / 2, .load = nanoseconds::max() / 2};
      EXPECT_TRUE(status(answer).ends_with("\r\n"));
      std::string out;
      append_server_timing(out, answer, nanoseconds::max() - nanoseconds(5'000));
      EXPECT_TRUE(out.ends_with("\r\n"));
    }
  }
}

TEST(TimeToLive, IsNegativeOnceStale) {
  EXPECT_EQ(ttl_seconds(served(Outcome::stale_while_revalidate, Tier::memory, seconds(14))), -4);
  EXPECT_EQ(ttl_seconds(served(Outcome::stale_while_revalidate, Tier::memory, milliseconds(14'999))), -4);
  EXPECT_EQ(ttl_seconds(served(Outcome::stale_while_revalidate, Tier::memory, seconds(15))), -5);
  EXPECT_EQ(ttl_seconds(served(Outcome::hit, Tier::memory, milliseconds(9'999))), 1);
}

TEST(ServerTiming, NamesOnlyTheStopsThatHappened) {
  auto hit = served(Outcome::hit, Tier::memory);
  std::string out;
  append_server_timing(out, hit, microseconds(23));
  EXPECT_EQ(out, "Server-Timing: cache;desc=\"hit\";dur=0.023, total;dur=0.023\r\n");

  out.clear();
  auto miss = stored(Outcome::miss);
  miss.timings = {.redis = microseconds(310), .load = microseconds(503'100)};
  append_server_timing(out, miss, microseconds(503'600));
  EXPECT_EQ(out,
            "Server-Timing: cache;desc=\"miss\";dur=0.19, redis;dur=0.31, upstream;dur=503.10, total;dur=503.60\r\n");
}

// The load began before this request came, so it took longer than this request waited.
TEST(ServerTiming, TellsNoStopThatTookLongerThanTheWhole) {
  auto collapsed = served(Outcome::collapsed, Tier::loader);
  collapsed.timings = {.redis = milliseconds(1), .load = milliseconds(500)};
  std::string out;
  append_server_timing(out, collapsed, milliseconds(404));
  EXPECT_EQ(out,
            "Server-Timing: cache;desc=\"miss\";dur=0.000, redis;dur=1.00, upstream;dur=403.00, total;dur=404.00\r\n");

  out.clear();
  append_server_timing(out, collapsed, nanoseconds(0));
  EXPECT_EQ(out,
            "Server-Timing: cache;desc=\"miss\";dur=0.000, redis;dur=0.000, upstream;dur=0.000, total;dur=0.000\r\n");
}

TEST(ServerTiming, SaysHowTheCacheServed) {
  const auto word = [](Outcome outcome) {
    std::string out;
    append_server_timing(out, served(outcome, Tier::memory), nanoseconds(0));
    return out.substr(0, out.find(";dur"));
  };
  EXPECT_EQ(word(Outcome::hit), "Server-Timing: cache;desc=\"hit\"");
  EXPECT_EQ(word(Outcome::stale_while_revalidate), "Server-Timing: cache;desc=\"stale\"");
  EXPECT_EQ(word(Outcome::stale_if_error), "Server-Timing: cache;desc=\"stale\"");
  EXPECT_EQ(word(Outcome::soft_timeout), "Server-Timing: cache;desc=\"stale\"");
  EXPECT_EQ(word(Outcome::miss), "Server-Timing: cache;desc=\"miss\"");
  EXPECT_EQ(word(Outcome::collapsed), "Server-Timing: cache;desc=\"miss\"");
  EXPECT_EQ(word(Outcome::revalidated), "Server-Timing: cache;desc=\"miss\"");
  EXPECT_EQ(word(Outcome::lease), "Server-Timing: cache;desc=\"miss\"");
  EXPECT_EQ(word(Outcome::forced), "Server-Timing: cache;desc=\"miss\"");
  EXPECT_EQ(word(Outcome::bypass), "Server-Timing: cache;desc=\"bypass\"");
}

TEST(ServerTiming, TellsAStopThatTookNoTime) {
  auto miss = stored(Outcome::miss);
  miss.timings.redis = nanoseconds(0);
  std::string out;
  append_server_timing(out, miss, nanoseconds(0));
  EXPECT_EQ(out, "Server-Timing: cache;desc=\"miss\";dur=0.000, redis;dur=0.000, total;dur=0.000\r\n");
}

TEST(SourceName, IsTheTiersOrTheLoaders) {
  EXPECT_EQ(source_name(Tier::memory, false), "Memory Cache ⚡");
  EXPECT_EQ(source_name(Tier::memory, true), "Memory Cache ⚡");
  EXPECT_EQ(source_name(Tier::redis, false), "Redis Cache ⚡");
  EXPECT_EQ(source_name(Tier::loader, true), "Mock API (Slow) 🐢");
  EXPECT_EQ(source_name(Tier::loader, false), "Open-Meteo API (Slow) 🐢");
}

}  // namespace
}  // namespace wx::endpoints
