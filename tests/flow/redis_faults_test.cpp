// Every fault that Redis can have, one at a time, under load. Clients notice nothing, and the provider gets few more
// calls.
#include <array>
#include <cmath>

#include <gtest/gtest.h>

#include "base/text.hpp"
#include "flow/load.hpp"
#include "flow/service.hpp"
#include "flow/weather.hpp"
#include "support/black_hole.hpp"
#include "support/fake_provider.hpp"
#include "support/redis_server.hpp"
#include "support/stall_meter.hpp"

namespace wx::test {
namespace {

using Clock = std::chrono::steady_clock;

struct Site {
  RedisServer redis;
  BlackHole link{redis.port()};
};

struct Fault {
  std::string name;
  std::function<void(Site&)> begin;
  std::function<void(Site&)> end;
  bool reads_work = false;  // copies in Redis can still be read
  bool redials = false;     // once, to see whether the name leads to another server now

  friend void PrintTo(const Fault& fault, std::ostream* out) { *out << fault.name; }
};

void heal(Site& site) {
  site.link.heal();
}

Fault answering(std::string name, std::string_view bytes) {
  return {std::move(name), [bytes](Site& site) { site.link.answer_commands(bytes); }, heal};
}

// `command` makes the real server refuse, `undo` ends the refusal.
Fault refusing(const std::string& name, std::vector<std::string> command, std::vector<std::string> undo) {
  return {.name = name,
          .begin = [command](Site& site) { site.redis.command(command); },
          .end = [undo](Site& site) { site.redis.command(undo); },
          .reads_work = true,
          .redials = name == "ReadOnly"};
}

std::vector<Fault> faults() {
  return {
      {"Killed", [](Site& site) { site.redis.kill(); }, [](Site& site) { site.redis.start(); }},
      {"Frozen", [](Site& site) { site.redis.freeze(); }, [](Site& site) { site.redis.thaw(); }},
      {"BlackHole", [](Site& site) { site.link.swallow_everything(); }, heal},
      {"Slow", [](Site& site) { site.link.delay(milliseconds(100)); },
       [](Site& site) { site.link.delay(milliseconds(0)); }},  // in each direction
      {"Resetting", [](Site& site) { site.link.reset_everything(); }, heal},
      {"Full", [](Site& site) { site.link.turn_away("-ERR max number of clients reached\r\n"); }, heal},
      answering("Loading", "-LOADING Redis is loading the dataset in memory\r\n"),
      answering("Garbage", std::string_view("\x00\x17HTTP/1.1 400\r\n\r\n*-7\r\n\xff", 24)),
      refusing("OutOfMemory", {"CONFIG", "SET", "maxmemory", "1"}, {"CONFIG", "SET", "maxmemory", "0"}),
      refusing("ReadOnly", {"REPLICAOF", "127.0.0.1", "1"}, {"REPLICAOF", "NO", "ONE"}),
      refusing("NoPermissionToWrite", {"ACL", "SETUSER", "default", "-@write"}, {"ACL", "SETUSER", "default", "+@all"}),
      {"NoPermission", [](Site& site) { site.redis.command({"ACL", "SETUSER", "default", "-@all"}); },
       [](Site& site) { site.redis.command({"ACL", "SETUSER", "default", "+@all"}); }},
  };
}

constexpr milliseconds kProviderTakes{50 * kSlowdown};

// The shortest time between two calls of the provider for one place. A time below the duration of a call means that two
// flights were under way at once.
class Gaps {
 public:
  void script(FakeProvider& provider) {
    provider.script([this](const ProviderRequest& request) {
      const auto now = Clock::now();
      auto& last = last_[request.parameter("latitude")];
      if (last != Clock::time_point()) shortest_ = std::min(shortest_, now - last);
      last = now;
      ProviderReply reply = weather_reply(request);
      reply.delay = kProviderTakes;
      return reply;
    });
  }
  [[nodiscard]] milliseconds shortest() const { return std::chrono::duration_cast<milliseconds>(shortest_); }

 private:
  // Called on the provider's thread. Read it when the provider has no calls.
  std::map<std::string, Clock::time_point> last_;
  Clock::duration shortest_ = std::chrono::hours(1);
};

constexpr int kPlaces = 8;

std::string place(int number) {
  return cat("/weather?lat=", number % kPlaces, "&lon=7");
}

class RedisFault : public testing::TestWithParam<Fault> {};

TEST_P(RedisFault, IsNobodysTrouble) {
  const Fault& fault = GetParam();
  const StallMeter machine;
  Site site;
  Gaps gaps;
  FakeProvider provider;
  FakeProvider other_provider;
  gaps.script(provider);
  Settings settings{{"REDIS_URL", cat("redis://127.0.0.1:", site.link.port())},
                    {"CACHE_TTL", "1h"},
                    {"OPEN_METEO_URL", other_provider.url()},
                    {"UPSTREAM_LIMIT", "off"},
                    {"UPSTREAM_CONCURRENCY", "16"},
                    {"THREADS", "2"}};
  // Successful reads must not fail because the machine is busy; their deadline is not the subject here.
  if (fault.reads_work) settings["REDIS_TIMEOUT"] = "2s";
  const Service remembering(settings);
  settings["MEMORY_LIMIT"] = "0";
  settings["OPEN_METEO_URL"] = provider.url();
  const Service service(settings);
  const auto from_redis = [](const Answer& answer) { return source_of(answer) == kFromRedis; };
  for (int i = 0; i < kPlaces; ++i) {
    ASSERT_TRUE(from_redis(get_until(service, place(i), milliseconds(10000), from_redis)));
    ASSERT_EQ(remembering.get(place(i)).status, 200);
  }
  const auto lines = [&] {
    const std::string log = service.log() + remembering.log();
    return std::ranges::count(log, '\n');
  };
  const auto lines_before = lines();
  const auto accepted_before = site.link.accepted();
  const auto calls_before = provider.calls();

  std::atomic<int> asked{0};
  Load known(service, 24, [&] { return place(asked++); });
  // When memory answers the other requests, Redis sees only these, and most of its commands are writes.
  Load novel(remembering, 4, [&] {
    const int number = ++asked;
    return cat("/weather?lat=-", number % 8000, "e-2&lon=", 8 + number / 8000);
  });
  Load remembered(remembering, 8, [&] { return place(asked++); });
  for (Load* load : {&known, &novel, &remembered}) EXPECT_TRUE(load->go_on(5));
  for (Load* load : {&known, &novel, &remembered}) load->now("it begins");
  fault.begin(site);
  // Both spans are real time, because the deadlines of Redis and the timers of the breaker are, which do not move with
  // a test's clock: ten deadlines of 50 ms and more until all have noticed, then a second and more of what is the
  // subject.
  std::this_thread::sleep_for(milliseconds(700) * kSlowdown);
  for (Load* load : {&known, &novel, &remembered}) load->now("it lasts");
  std::this_thread::sleep_for(milliseconds(1300));
  for (Load* load : {&known, &novel, &remembered}) load->now("it ends");
  fault.end(site);
  const auto ended = Clock::now();
  const bool back = from_redis(get_until(service, "/weather?lat=0&lon=7", milliseconds(10000), from_redis));
  const auto back_after = std::chrono::duration_cast<milliseconds>(Clock::now() - ended);
  for (Load* load : {&known, &novel, &remembered}) EXPECT_TRUE(load->go_on(5));
  for (Load* load : {&known, &novel, &remembered}) load->finish();
  RecordProperty("back_after_ms", cat(back_after.count()));
  SCOPED_TRACE(cat("known:", known.told(), "\nnovel:", novel.told(), "\nremembered:", remembered.told()));

  for (const Load* load : {&known, &novel, &remembered}) {
    EXPECT_TRUE(load->failures.empty());
    for (const auto& [name, phase] : load->phases) {
      for (const auto& [what, count] : phase.seen) EXPECT_TRUE(what.starts_with("200 ")) << name << ": " << what;
    }
  }
  for (auto& [name, phase] : remembered.phases) {
    EXPECT_EQ(phase.seen, (std::map<std::string, int>{{"200 HIT", phase.answers}})) << name;
  }
  if (fault.reads_work) {
    const auto& lasting = known.phases["it lasts"];
    EXPECT_EQ(lasting.seen, (std::map<std::string, int>{{"200 HIT", lasting.answers}}));
  }
  if (fault.reads_work && !fault.redials) {
    for (const Service* each : {&service, &remembering}) {
      EXPECT_TRUE(each->get("/metrics").body.contains("weather_cache_cache_redis_breaker_opened_total 0\n"));
    }
  }
  // One deadline of Redis, which is at its minimum on loopback. An answer passes some four hand-overs between
  // processes, and each of them may meet a busy machine.
  const auto slack = kSlowdown * milliseconds(50) + 4 * machine.worst();
  EXPECT_LE(known.slowest(), milliseconds(50) + kProviderTakes + slack);
  if (!fault.reads_work) {
    // Once the breaker is open, Redis costs no time.
    EXPECT_LE(known.phases["it lasts"].longest_redis_ms,
              (20 * kSlowdown) + 2 * static_cast<double>(machine.worst().count()));
  }
  EXPECT_GE(gaps.shortest(), kProviderTakes - milliseconds(5)) << "two flights for one place at the same time";
  EXPECT_TRUE(back);
  EXPECT_LE(back_after, kSlowdown * milliseconds(2000));
  EXPECT_LE(site.link.accepted() - accepted_before, 40U * kSlowdown) << "too many connections";
  EXPECT_LE(lines() - lines_before, 24) << service.log() << remembering.log();
  RecordProperty("provider_calls", cat(provider.calls() - calls_before));
}

INSTANTIATE_TEST_SUITE_P(Redis, RedisFault, testing::ValuesIn(faults()),
                         [](const auto& instance) { return instance.param.name; });

// The server's name leads to another machine from now on, and the old one accepts no writes. Only a client that dials
// again finds the new one.
TEST(RedisFailover, IsFollowedWhenTheOldMasterAnswersReadOnly) {
  const RedisServer old_master;
  const RedisServer new_master;
  BlackHole link(old_master.port());
  FakeProvider provider;
  const Service service({{"REDIS_URL", cat("redis://127.0.0.1:", link.port())},
                         {"CACHE_TTL", "1h"},
                         {"MEMORY_LIMIT", "0"},
                         {"THREADS", "1"},
                         {"OPEN_METEO_URL", provider.url()}});
  const auto from_redis = [](const Answer& answer) { return source_of(answer) == kFromRedis; };
  ASSERT_TRUE(from_redis(get_until(service, kReal, milliseconds(10000), from_redis)));
  link.lead_to(new_master.port());
  old_master.command({"REPLICAOF", "127.0.0.1", "1"});
  const std::string target = "/weather?lat=2&lon=2";
  EXPECT_EQ(service.get(target).status, 200);
  EXPECT_TRUE(from_redis(get_until(service, target, milliseconds(2000) * kSlowdown, from_redis)));
  EXPECT_EQ(new_master.command({"EXISTS", "weather:2:2"}), "1");
  EXPECT_TRUE(service.log().contains("read-only")) << service.log();
}

// Copies in memory were fresh before the client gave up the connection and dialled the same replica again, and still
// are. Only places that no tier holds cause a call.
TEST(RedisFailover, MakesNoCallForWhatMemoryHoldsWhileAReplicaStaysOne) {
  const RedisServer redis;
  BlackHole link(redis.port());
  FakeProvider provider;
  const Service service({{"REDIS_URL", cat("redis://127.0.0.1:", link.port())},
                         {"REDIS_TIMEOUT", "5s"},
                         {"CACHE_TTL", "1h"},
                         {"THREADS", "1"},
                         {"UPSTREAM_LIMIT", "off"},
                         {"OPEN_METEO_URL", provider.url()}});
  const auto listening = [](const Answer& stats) { return stats.body.contains(R"("backplane":"listening")"); };
  ASSERT_TRUE(listening(get_until(service, "/stats", milliseconds(10000), listening)));
  redis.command({"REPLICAOF", "127.0.0.1", "1"});
  std::size_t places = 0;
  const auto begin = Clock::now();
  for (const auto at : {milliseconds(0), milliseconds(5200)}) {  // each of these makes the client dial again
    std::this_thread::sleep_until(begin + at);
    const auto accepted = link.accepted();
    for (int i = 0; i < 3; ++i) EXPECT_EQ(service.get(cat("/weather?lat=3&lon=", places++)).status, 200);
    EXPECT_TRUE(link.wait_for_accepted(accepted + 1));
    EXPECT_TRUE(listening(get_until(service, "/stats", milliseconds(10000), listening)));
    for (int round = 0; round < 3; ++round) {
      for (std::size_t i = 0; i < places; ++i) {
        EXPECT_EQ(source_of(service.get(cat("/weather?lat=3&lon=", i))), kFromMemory);
      }
      std::this_thread::sleep_for(milliseconds(50));
    }
    EXPECT_EQ(provider.calls(), places);
  }
}

// A replica that stays one is dialled again from time to time, in case the name leads to another server, but not
// constantly.
TEST(RedisFailover, IsNotLookedForInATightLoop) {
  const RedisServer redis;
  BlackHole link(redis.port());
  FakeProvider provider;
  const Service service({{"REDIS_URL", cat("redis://127.0.0.1:", link.port())},
                         {"MEMORY_LIMIT", "0"},
                         {"THREADS", "1"},
                         {"UPSTREAM_LIMIT", "off"},
                         {"OPEN_METEO_URL", provider.url()}});
  redis.command({"REPLICAOF", "127.0.0.1", "1"});
  int lat = 0;
  for (const auto end = Clock::now() + milliseconds(3000); Clock::now() < end;) {
    EXPECT_EQ(service.get(cat("/weather?lat=0.", ++lat, "&lon=1")).status, 200);
  }
  EXPECT_LE(link.accepted(), 3U) << service.log();
}

}  // namespace
}  // namespace wx::test
