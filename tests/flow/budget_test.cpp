// The provider never gets more calls than UPSTREAM_LIMIT allows, whatever the clients ask for.
#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <set>

#include <gtest/gtest.h>

#include "base/text.hpp"
#include "flow/load.hpp"
#include "flow/service.hpp"
#include "flow/weather.hpp"
#include "support/black_hole.hpp"
#include "support/fake_provider.hpp"
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

// Counts the calls per minute of the wall clock. A call that is counted at the end of a minute may arrive at the start
// of the next, so calls in the first tenth of a second of a minute are left out.
class Minutes {
 public:
  void script(FakeProvider& provider) {
    provider.script([this](const ProviderRequest& request) {
      const auto now = system_clock::now().time_since_epoch();
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
  // The most calls that the budget of one minute has counted. A call within 2 s of a boundary counts in both minutes,
  // so those just before and just after a minute are among them.
  [[nodiscard]] long most_counted() const {
    const std::lock_guard lock(mutex_);
    long most = 0;
    for (const auto& [minute, calls] : calls_) {
      const auto begins = minute * kMinute - kBoundary;
      const auto ends = (minute + 1) * kMinute + kBoundary;
      most = std::max(most, std::ranges::count_if(times_, [=](auto at) { return at >= begins && at < ends; }));
    }
    return most;
  }

 private:
  static constexpr std::chrono::minutes kMinute{1};
  static constexpr std::chrono::seconds kBoundary{2};

  mutable std::mutex mutex_;
  std::map<long, int> calls_;
  std::vector<system_clock::duration> times_;  // of all calls
};

// Lasts until some seconds after the next full minute.
TEST(Budget, OfAFleetIsSpentOnAWalkerWithoutItsUsersNoticing) {
  const RedisServer redis;
  Minutes minutes;
  FakeProvider provider;  // ends before what its script uses
  minutes.script(provider);
  const auto fleet = start_fleet(4, patient(redis, {{"OPEN_METEO_URL", provider.url()},
                                                    {"UPSTREAM_LIMIT", "60/m"},
                                                    {"CLIENT_LOADS", "30/m"},
                                                    {"TRUSTED_PROXIES", "127.0.0.1"},
                                                    {"CACHE_TTL", "1h"}}));
  constexpr int kPlaces = 5;
  const auto place = [](int number) { return cat("/weather?lat=", number % kPlaces, "&lon=7"); };
  // Every process holds all places, and each place costs one call.
  for (const auto& service : fleet) {
    for (int i = 0; i < kPlaces; ++i) {
      const auto good = [](const Answer& answer) { return answer.status == 200; };
      ASSERT_TRUE(good(get_until(*service, place(i), milliseconds(5000), good)));
    }
  }

  std::atomic<bool> stop{false};
  std::mutex mutex;
  std::map<std::string, int> users_saw;   // guarded by mutex
  std::map<std::string, int> walker_saw;  // guarded by mutex
  std::vector<std::string> faults;        // guarded by mutex
  const auto guarded = [&](auto work) {
    try {
      work();
    } catch (const std::exception& error) {
      const std::lock_guard lock(mutex);
      faults.emplace_back(error.what());
    }
  };
  std::vector<std::jthread> people;
  for (int user = 0; user < 20; ++user) {
    people.emplace_back([&, user] {
      guarded([&] {
        HttpClient client(fleet[static_cast<std::size_t>(user) % 4]->port());
        const Headers headers = from(cat("198.51.100.", user));
        for (int i = user; !stop; ++i) {
          const Answer answer = client.get(place(i), headers);
          {
            const std::lock_guard lock(mutex);
            ++users_saw[cat(answer.status, " ", answer.header("X-Cache"))];
          }
          std::this_thread::sleep_for(milliseconds(100));
        }
      });
    });
  }
  people.emplace_back([&] {
    guarded([&] {
      std::vector<HttpClient> clients;
      for (const auto& service : fleet) clients.emplace_back(service->port());
      for (unsigned i = 0; !stop; ++i) {
        const auto target = cat("/weather?lat=-", i % 80, ".", i, "&lon=", i % 170);
        const Answer answer = clients[i % 4].get(target, from("203.0.113.9"));
        {
          const std::lock_guard lock(mutex);
          ++walker_saw[cat(answer.status)];
          if (answer.status == 429) {
            const int after = std::atoi(answer.header("Retry-After").c_str());
            if (after < 1 || after > 64) faults.emplace_back(cat("Retry-After: ", answer.header("Retry-After")));
          }
        }
        std::this_thread::sleep_for(milliseconds(20));
      }
    });
  });
  const auto minute = std::chrono::minutes(1);
  const auto left = minute - system_clock::now().time_since_epoch() % minute;
  std::this_thread::sleep_for(left + std::chrono::seconds(8) * kSlowdown);
  stop = true;
  people.clear();

  EXPECT_EQ(faults, std::vector<std::string>{});
  EXPECT_EQ(users_saw.size(), 1U);
  EXPECT_GT(users_saw["200 HIT"], 20 * 50);
  EXPECT_EQ(walker_saw.size(), 2U) << "either 200 or 429";
  EXPECT_GT(walker_saw["200"], 40);
  EXPECT_GT(walker_saw["429"], 40);
  const auto calls = minutes.calls();
  ASSERT_FALSE(calls.empty());
  for (const auto& [when, count] : calls) EXPECT_LE(count, 60);
  // The minute in which the walker has loads left in its own windows depends on when the test began.
  EXPECT_GE(minutes.most_counted(), 55) << "the limit is used up";
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
