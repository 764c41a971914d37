// The provider never gets more calls than UPSTREAM_LIMIT allows, whatever the clients ask for.
#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <shared_mutex>

#include <gtest/gtest.h>

#include "base/text.hpp"
#include "flow/load.hpp"
#include "flow/service.hpp"
#include "flow/weather.hpp"
#include "support/black_hole.hpp"
#include "support/fake_provider.hpp"
#include "support/movable_clock.hpp"
#include "support/redis_server.hpp"
#include "support/waiting.hpp"

namespace wx::test {
namespace {

using std::chrono::system_clock;

// Windows follow the wall clock, so a test that counts within a day must not begin just before midnight.
void keep_clear_of_midnight() {
  using std::chrono::seconds;
  const auto left = [] {
    const auto now = system_clock::now().time_since_epoch();
    return std::chrono::days(1) - now % std::chrono::days(1);
  };
  while (left() < seconds(30)) std::this_thread::sleep_for(milliseconds(100));
}

Headers from(std::string_view address) {
  return {{"X-Forwarded-For", std::string(address)}};
}

std::vector<std::unique_ptr<Service>> start_fleet(std::size_t size, const Settings& settings) {
  std::vector<std::unique_ptr<Service>> fleet;
  for (std::size_t i = 0; i < size; ++i) fleet.push_back(std::make_unique<Service>(settings));
  return fleet;
}

// Counts the calls per minute of the program's wall clock. A call that is counted at the end of a minute may arrive at
// the start of the next, so calls in the first tenth of a second of a minute are left out.
class Minutes {
 public:
  explicit Minutes(const ClockControl& clock) : clock_(clock) {}

  void script(FakeProvider& provider) {
    provider.script([this](const ProviderRequest& request) {
      const auto now = clock_.wall();
      const std::lock_guard lock(mutex_);
      times_.push_back(now);
      if (now % kMinute > milliseconds(100)) ++calls_[std::chrono::floor<std::chrono::minutes>(now).count()];
      return weather_reply(request);
    });
  }
  [[nodiscard]] std::map<long, int> calls() const {
    const std::lock_guard lock(mutex_);
    return calls_;
  }
  // The calls that the budget of this minute has counted. A call within 2 s of a boundary counts in both minutes.
  [[nodiscard]] long counted_in(long minute) const {
    const std::lock_guard lock(mutex_);
    const auto begins = minute * kMinute - kBoundary;
    const auto ends = (minute + 1) * kMinute + kBoundary;
    return std::ranges::count_if(times_, [=](auto at) { return at >= begins && at < ends; });
  }
  [[nodiscard]] long now() const { return std::chrono::floor<std::chrono::minutes>(clock_.wall()).count(); }

 private:
  static constexpr std::chrono::minutes kMinute{1};
  static constexpr std::chrono::seconds kBoundary{2};

  const ClockControl& clock_;
  mutable std::mutex mutex_;
  std::map<long, int> calls_;
  std::vector<milliseconds> times_;  // of all calls
};

// People who ask side by side. Each has a connection to every process, and asks again and again.
class People {
 public:
  using Fleet = std::vector<std::unique_ptr<Service>>;

  explicit People(const Fleet& fleet) : fleet_(fleet) {}
  ~People() { stop(); }
  People(const People&) = delete;
  People& operator=(const People&) = delete;

  // `ask` gets the connections and the number of the question, and returns what it saw.
  template <class Ask>
  void add(std::string name, milliseconds pause, Ask ask) {
    threads_.emplace_back([this, name = std::move(name), pause, ask] {
      try {
        std::vector<HttpClient> clients;
        for (const auto& service : fleet_) clients.emplace_back(service->port());
        for (int i = 0; !stop_; ++i) {
          {
            const std::shared_lock time_stands(time_);
            const std::string seen = ask(clients, i);
            const std::lock_guard lock(mutex_);
            ++seen_[name][seen];
          }
          std::this_thread::sleep_for(pause);
        }
      } catch (const std::exception& error) {
        const std::lock_guard lock(mutex_);
        ++seen_[name][error.what()];
      }
    });
  }
  // Moves the clock while no question is under way.
  void let_pass(ClockControl& clock, milliseconds span) {
    const std::unique_lock nobody_asks(time_);
    clock.advance(span);
  }
  [[nodiscard]] std::map<std::string, int> seen(const std::string& name) {
    const std::lock_guard lock(mutex_);
    return seen_[name];
  }
  void stop() {
    stop_ = true;
    threads_.clear();
  }

 private:
  const Fleet& fleet_;
  std::atomic<bool> stop_{false};
  std::shared_mutex time_;
  std::mutex mutex_;
  std::map<std::string, std::map<std::string, int>> seen_;  // guarded by mutex_
  std::vector<std::jthread> threads_;
};

// Over the end of a minute, and into the next.
TEST(Budget, OfAFleetIsSpentOnAWalkerWithoutItsUsersNoticing) {
  constexpr int kLimit = 60;
  constexpr std::chrono::minutes kMinute{1};
  ClockControl clock;
  const RedisServer redis({.clock = &clock});
  Minutes minutes(clock);
  FakeProvider provider;  // ends before what its script uses
  minutes.script(provider);
  const auto fleet = start_fleet(4, patient(redis, {{"OPEN_METEO_URL", provider.url()},
                                                    {"UPSTREAM_LIMIT", cat(kLimit, "/m")},
                                                    {"CLIENT_LOADS", "30/m"},
                                                    {"TRUSTED_PROXIES", "127.0.0.1"},
                                                    {"CACHE_TTL", "1h"},
                                                    clock.setting()}));
  constexpr int kPlaces = 5;
  const auto place = [](int number) { return cat("/weather?lat=", number % kPlaces, "&lon=7"); };
  // Every process holds all places, and each place costs one call.
  for (const auto& service : fleet) {
    for (int i = 0; i < kPlaces; ++i) {
      const auto good = [](const Answer& answer) { return answer.status == 200; };
      ASSERT_TRUE(good(get_until(*service, place(i), milliseconds(5000), good)));
    }
  }
  // Just after the edge of a minute, so that calls are counted in this minute alone, and most of it is left.
  clock.advance(2 * kMinute - clock.wall() % kMinute + std::chrono::seconds(3));

  People people(fleet);
  for (std::size_t user = 0; user < 20; ++user) {
    people.add("user", milliseconds(100), [=](auto& clients, int i) {
      const Headers headers = from(cat("198.51.100.", user));
      const Answer answer = clients[user % 4].get(place(static_cast<int>(user) + i), headers);
      return cat(answer.status, " ", answer.header("X-Cache"));
    });
  }
  people.add("walker", milliseconds(20), [](auto& clients, int i) {
    const auto target = cat("/weather?lat=-", i % 80, ".", i, "&lon=", i % 170);
    const Answer answer = clients[static_cast<std::size_t>(i) % 4].get(target, from("203.0.113.9"));
    const int after = std::atoi(answer.header("Retry-After").c_str());
    const bool true_wait = answer.status != 429 || (after >= 1 && after <= 64);
    return true_wait ? cat(answer.status) : cat("429 for ", answer.header("Retry-After"));
  });
  const auto refused = [&] { return people.seen("walker")["429"]; };

  const long first = minutes.now();
  EXPECT_TRUE(eventually([&] { return minutes.counted_in(first) >= kLimit - 5; })) << "the limit is used up";
  EXPECT_TRUE(eventually([&] { return refused() >= 40; }));

  // The walker passes the end of the minute in real time.
  people.let_pass(clock, kMinute - std::chrono::seconds(3) - clock.wall() % kMinute);
  ASSERT_TRUE(eventually([&] { return minutes.now() > first; }));
  EXPECT_TRUE(eventually([&] { return minutes.counted_in(first + 1) >= kLimit - 5; })) << "the limit is used up again";
  const int before = refused();
  EXPECT_TRUE(eventually([&] { return refused() >= before + 40; }));
  people.stop();

  const auto users_saw = people.seen("user");
  EXPECT_EQ(users_saw.size(), 1U) << testing::PrintToString(users_saw);
  EXPECT_TRUE(users_saw.contains("200 HIT")) << testing::PrintToString(users_saw);
  const auto walker_saw = people.seen("walker");
  EXPECT_EQ(walker_saw.size(), 2U) << "either 200 or 429: " << testing::PrintToString(walker_saw);
  for (const auto& [when, count] : minutes.calls()) EXPECT_LE(count, kLimit);
}

TEST(Budget, ForOneClientIsItsOwn) {
  FakeProvider provider;
  const Service service({{"OPEN_METEO_URL", provider.url()},
                         {"UPSTREAM_LIMIT", "off"},
                         {"CLIENT_LOADS", "30/d"},
                         {"TRUSTED_PROXIES", "127.0.0.1"}});
  int walked = 0;
  const auto walk = [&](std::string_view forwarded) {
    return service.get(cat("/weather?lat=1&lon=", ++walked), from(forwarded));
  };
  for (int i = 0; i < 30; ++i) EXPECT_EQ(walk("203.0.113.9").status, 200);
  const Answer refused = walk("203.0.113.9");
  expect_problem(refused, 429);
  EXPECT_EQ(json_at(refused.body, "/type"), "/problems/client-limited");
  EXPECT_GT(std::atoi(refused.header("Retry-After").c_str()), 86000);
  EXPECT_EQ(walk("1.2.3.4, 203.0.113.9").status, 429) << "the address that a client claims does not count";
  EXPECT_EQ(service.get("/weather?lat=1&lon=1", from("203.0.113.9")).header("X-Cache"), "HIT") << "hits are free";
  EXPECT_EQ(walk("203.0.113.10").status, 200);
  EXPECT_EQ(provider.calls(), 31U);
}

// 20 calls. From the 16th on no early refresh, from the 18th on no refresh of a stale copy, after the 20th no call at
// all.
TEST(Budget, KeepsItsLastCallsForColdQuestions) {
  keep_clear_of_midnight();
  const RedisServer redis;
  FakeProvider provider;
  const auto fleet = start_fleet(2, patient(redis, {{"OPEN_METEO_URL", provider.url()},
                                                    {"UPSTREAM_LIMIT", "20/d"},
                                                    {"CACHE_TTL", "2s"},
                                                    {"CACHE_EARLY", "0.1"},
                                                    {"CACHE_STALE", "1h"}}));
  int cold = 0;
  const auto ask_cold = [&] {
    return fleet[static_cast<std::size_t>(cold) % 2]->get(cat("/weather?lat=2&lon=", ++cold));
  };
  const auto spend_until = [&](std::size_t calls) {
    while (provider.calls() < calls) ASSERT_EQ(ask_cold().status, 200);
  };
  // Asks for the one place during `span`. Returns the X-Cache values that it saw.
  const auto watch = [&](milliseconds span) {
    std::set<std::string> seen;
    const auto end = std::chrono::steady_clock::now() + span;
    while (std::chrono::steady_clock::now() < end) {
      for (const auto& service : fleet) seen.insert(service->get(kReal).header("X-Cache"));
      std::this_thread::sleep_for(milliseconds(20));
    }
    return seen;
  };
  using Seen = std::set<std::string>;

  // Below the first throttle level the place is always fresh, because an early refresh renews it.
  EXPECT_EQ(fleet[0]->get(kReal).status, 200);
  EXPECT_FALSE(watch(milliseconds(3000)).contains("STALE"));
  EXPECT_GE(provider.calls(), 2U);
  spend_until(16);
  EXPECT_EQ(provider.calls(), 16U);

  // At the first throttle level the place becomes stale, and only then one refresh serves both processes.
  const Seen first = watch(milliseconds(2300));
  EXPECT_TRUE(first.contains("STALE"));
  EXPECT_EQ(provider.calls(), 17U);
  spend_until(18);

  // At the second level it stays stale.
  (void)watch(milliseconds(2300));
  EXPECT_EQ(watch(milliseconds(300)), Seen{"STALE"});
  EXPECT_EQ(provider.calls(), 18U);

  // The last two calls are for cold questions. After them no call is left, but stored copies are served.
  spend_until(20);
  const Answer refused = ask_cold();
  expect_problem(refused, 429);
  EXPECT_EQ(json_at(refused.body, "/type"), "/problems/provider-limited");
  EXPECT_GT(std::atoi(refused.header("Retry-After").c_str()), 0);
  EXPECT_EQ(watch(milliseconds(200)), Seen{"STALE"});
  EXPECT_EQ(provider.calls(), 20U);
}

// Each of four processes has made calls that the others know only from Redis.
TEST(Budget, IsNotExceededIfRedisLosesItsData) {
  keep_clear_of_midnight();
  const RedisServer redis;
  FakeProvider provider;
  const auto fleet = start_fleet(
      4, patient(redis, {{"OPEN_METEO_URL", provider.url()}, {"UPSTREAM_LIMIT", "50/d"}, {"FLEET_SIZE", "4"}}));
  std::size_t asked = 0;
  const auto ask = [&] {
    const auto& service = fleet[asked % fleet.size()];
    return service->get(cat("/weather?lat=4&lon=", ++asked)).status;
  };
  for (int i = 0; i < 40; ++i) EXPECT_EQ(ask(), 200);
  EXPECT_EQ(provider.calls(), 40U);
  redis.command({"FLUSHALL"});
  std::map<int, int> answers;
  for (int i = 0; i < 40; ++i) ++answers[ask()];
  EXPECT_EQ(provider.calls(), 50U);
  EXPECT_EQ(answers, (std::map<int, int>{{200, 10}, {429, 30}}));
  // A process that begins now learns it too.
  const Service late(patient(redis, {{"OPEN_METEO_URL", provider.url()}, {"UPSTREAM_LIMIT", "50/d"}}));
  EXPECT_EQ(late.get("/weather?lat=5&lon=5").status, 429);
}

// Every reply to a count comes after its deadline.
TEST(Budget, CountsACallOnceThoughRedisAnswersLate) {
  keep_clear_of_midnight();
  const RedisServer redis;
  BlackHole link(redis.port());
  FakeProvider provider;
  const Service service({{"REDIS_URL", cat("redis://127.0.0.1:", link.port())},
                         {"REDIS_TIMEOUT", "50ms"},
                         {"OPEN_METEO_URL", provider.url()},
                         {"UPSTREAM_LIMIT", "10000/d"}});
  int place = 0;
  const auto ask = [&] { return service.get(cat("/weather?lat=6&lon=", ++place % 180, ".", place)).status; };
  ASSERT_EQ(ask(), 200);
  link.delay(milliseconds(35));
  for (int i = 0; i < 30; ++i) EXPECT_EQ(ask(), 200);
  EXPECT_EQ(provider.calls(), 31U);

  // The next reply in time belongs to a count of all calls, no more and no less.
  link.delay(milliseconds(0));
  const auto day = std::chrono::duration_cast<std::chrono::days>(system_clock::now().time_since_epoch()).count();
  const auto key = cat("weather:{budget}:day:", day);
  const auto member = redis.command({"ZRANGE", key, "0", "-1"}).value_or("");
  EXPECT_TRUE(member.ends_with(":s") && !member.contains('\n')) << member;
  const auto counted_all = [&] {
    EXPECT_EQ(ask(), 200);
    return redis.command({"ZSCORE", key, member}) == cat(provider.calls() * 1000);
  };
  EXPECT_TRUE(eventually(counted_all)) << provider.calls();
}

TEST(Budget, IsSharedOutWithoutRedis) {
  keep_clear_of_midnight();
  RedisServer redis;
  FakeProvider provider;
  const auto fleet = start_fleet(4, {{"REDIS_URL", redis.url()},
                                     {"OPEN_METEO_URL", provider.url()},
                                     {"UPSTREAM_LIMIT", "60/d"},
                                     {"FLEET_SIZE", "4"}});
  redis.kill();
  int place = 0;
  for (const auto& service : fleet) {
    int answered = 0;
    for (int i = 0; i < 25; ++i) {
      const Answer answer = service->get(cat("/weather?lat=3&lon=", ++place));
      EXPECT_TRUE(answer.status == 200 || answer.status == 429) << answer.status;
      if (answer.status == 200) ++answered;
    }
    EXPECT_EQ(answered, 15);
  }
  EXPECT_EQ(provider.calls(), 60U);
}

}  // namespace
}  // namespace wx::test
