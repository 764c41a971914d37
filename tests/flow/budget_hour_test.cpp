// An hour of a fleet's budget in which everything that may fail does, one after the other. The clock is moved, so the
// hour takes seconds. A move may end a connection to Redis, because a command under way then seems to have waited for
// minutes; the fleet gets over that like over any other fault.
#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/random.hpp"
#include "base/text.hpp"
#include "flow/service.hpp"
#include "flow/weather.hpp"
#include "support/black_hole.hpp"
#include "support/fake_provider.hpp"
#include "support/movable_clock.hpp"
#include "support/redis_server.hpp"
#include "support/waiting.hpp"

namespace wx::test {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using Direction = BlackHole::Direction;

constexpr std::size_t kProcesses = 4;
constexpr std::size_t kLimit = 200;
constexpr std::size_t kLeastUsed = 190;
constexpr milliseconds kDeadline{50 * kSlowdown};
constexpr milliseconds kLate{70 * kSlowdown};
constexpr std::string_view kBreakerOpen = "weather_cache_cache_redis_breaker_open";
constexpr std::string_view kHeld = "/weather?lat=77&lon=7";

class BudgetHour : public testing::Test {
 protected:
  BudgetHour() {
    // A minute after the beginning of an hour of the wall clock, because calls near a boundary count in both hours.
    clock_.advance(hours(1) - clock_.wall() % hours(1) + minutes(1));
    hour_ = hour_now();
    provider_.script([](const ProviderRequest& request) {
      return request.parameter("latitude").starts_with("77") ? never() : weather_reply(request);
    });
    for (std::size_t i = 0; i < kProcesses; ++i) {
      links_.push_back(std::make_unique<BlackHole>(redis_.port()));
      fleet_.push_back(process(i));
    }
  }

  [[nodiscard]] std::int64_t hour_now() const { return std::chrono::duration_cast<hours>(clock_.wall()).count(); }

  // A process with a link of its own to Redis.
  [[nodiscard]] std::unique_ptr<Service> process(std::size_t i) const {
    Settings settings{{"REDIS_URL", cat("redis://127.0.0.1:", links_.at(i)->port())},
                      {"REDIS_TIMEOUT", cat(kDeadline.count(), "ms")},
                      {"OPEN_METEO_URL", provider_.url()},
                      {"THREADS", "1"},
                      {"UPSTREAM_LIMIT", cat(kLimit, "/h")},
                      {"FLEET_SIZE", cat(kProcesses)}};
    settings.insert(clock_.setting());
    return std::make_unique<Service>(settings);
  }

  // Asks for a place that nobody has asked for yet. From any thread.
  Answer ask(std::size_t process) {
    const int place = ++places_;
    Answer answer = fleet_.at(process)->get(cat("/weather?lat=", place / 100, "&lon=", place % 100));
    EXPECT_TRUE(answer.status == 200 || answer.status == 429) << answer.status << " " << answer.body;
    if (answer.status == 429) {
      std::size_t none = kNoRefusal;
      first_refusal_.compare_exchange_strong(none, provider_.calls());
    }
    return answer;
  }
  // Each process gets `questions` questions, one after the other; the processes work side by side.
  void ask_all(int questions) {
    in_parallel(kProcesses, [&](std::size_t process) {
      for (int i = 0; i < questions; ++i) EXPECT_EQ(ask(process).status, 200);
    });
  }

  // The calls in Redis's count of the hour, in thousandths.
  [[nodiscard]] std::int64_t counted() const {
    std::istringstream words(
        redis_.command({"ZRANGE", cat("weather:{budget}:hour:", hour_), "0", "-1", "WITHSCORES"}).value_or(""));
    std::int64_t sum = 0;
    std::string member;
    std::int64_t total = 0;
    while (words >> member >> total) sum += member.ends_with(":s") ? total : -total;
    return sum;
  }
  [[nodiscard]] bool all_counted(milliseconds limit = kPatience) const {
    return eventually([&] { return counted() == static_cast<std::int64_t>(provider_.calls()) * 1000; }, limit);
  }
  // Every process makes a call, and then Redis's count is that of the provider. On a busy machine a reply may be too
  // late although nothing delays it; then it takes a second round.
  void expect_count_complete() {
    for (int round = 0; round < 3; ++round) {
      for (std::size_t i = 0; i < kProcesses; ++i) {
        if (fleet_.at(i) != nullptr) EXPECT_EQ(ask(i).status, 200);
      }
      if (all_counted(seconds(1) * kSlowdown)) return;
    }
    ADD_FAILURE() << counted() << " thousandths of " << provider_.calls() << " calls are counted";
  }

  [[nodiscard]] double counted_alone() const {
    double sum = 0;
    for (std::size_t i = 0; i < kProcesses; ++i)
      sum += metric(*fleet_.at(i), "weather_cache_open_meteo_counted_alone_total");
    return sum;
  }
  void delay_all(const BlackHole::ChooseDelay& choose) {
    for (const auto& link : links_) link->delay(choose);
  }
  // Ends all delays, and waits until every process uses Redis again.
  void heal_all() {
    for (std::size_t i = 0; i < kProcesses; ++i) {
      links_.at(i)->delay(milliseconds(0));
      const auto closed = [&] { return metric(*fleet_.at(i), kBreakerOpen) == 0; };
      EXPECT_TRUE(eventually(closed)) << i;
    }
  }

  static constexpr std::size_t kNoRefusal = std::numeric_limits<std::size_t>::max();

  ClockControl clock_;
  std::int64_t hour_ = 0;
  FakeProvider provider_;
  RedisServer redis_{{.clock = &clock_}};
  std::vector<std::unique_ptr<BlackHole>> links_;
  std::vector<std::unique_ptr<Service>> fleet_;
  std::atomic<int> places_{0};
  std::atomic<std::size_t> first_refusal_{kNoRefusal};  // the provider's calls when a client was first refused
};

TEST_F(BudgetHour, GetsItsCallsAndNoMoreThroughEveryFault) {
  ask_all(4);
  expect_count_complete();

  clock_.advance(minutes(6));
  redis_.command({"FLUSHALL"});
  expect_count_complete();
  ask_all(4);

  clock_.advance(minutes(6));
  redis_.kill();
  ask_all(6);
  for (std::size_t i = 0; i < kProcesses; ++i) EXPECT_EQ(metric(*fleet_.at(i), kBreakerOpen), 1) << i;
  redis_.start();
  EXPECT_TRUE(all_counted()) << "each process puts back what it knows once it can use Redis: " << counted();
  ask_all(4);

  clock_.advance(minutes(6));
  double alone = counted_alone();
  // Redis takes the counts at once, and its replies come after their deadline.
  delay_all([](Direction direction, std::string_view piece) {
    return direction == Direction::to_client && piece.contains(":s\r\n") ? kLate : milliseconds(0);
  });
  ask_all(5);
  EXPECT_GE(counted_alone(), alone + 4 * kProcesses) << "the replies were late";
  heal_all();
  expect_count_complete();

  clock_.advance(minutes(6));
  delay_all([](Direction direction, std::string_view) {
    return direction == Direction::to_client ? kLate : milliseconds(0);
  });
  ask_all(3);
  heal_all();

  clock_.advance(minutes(6));
  for (std::size_t i = 0; i < kProcesses; ++i) {
    links_.at(i)->delay([random = Random(i + 1)](Direction, std::string_view) mutable {
      return random.next() % 2 == 0 ? milliseconds(random.next() % 80) * kSlowdown : milliseconds(0);
    });
  }
  alone = counted_alone();
  ask_all(5);
  EXPECT_GT(counted_alone(), alone) << "some replies were late";
  heal_all();
  expect_count_complete();

  // A process is killed in the middle of a call. Redis forgets everything at the same time, so only the others know
  // what the process has used.
  clock_.advance(minutes(6));
  {
    HttpClient client(fleet_.front()->port());
    const auto calls = provider_.calls();
    client.send("GET", kHeld);
    ASSERT_TRUE(provider_.wait_for_calls(calls + 1));
    for (std::size_t i = 1; i < kProcesses; ++i) EXPECT_EQ(ask(i).status, 200);
    fleet_.front()->kill();
    fleet_.front().reset();
  }
  redis_.command({"FLUSHALL"});
  expect_count_complete();
  fleet_.front() = process(0);
  expect_count_complete();

  clock_.advance(minutes(6));
  expect_count_complete();
  EXPECT_EQ(first_refusal_, kNoRefusal);
  EXPECT_LT(provider_.calls(), kLeastUsed);
  // In turns: a process that counts alone for a moment, on a busy machine, then still has its part of what is left.
  Answer refused;
  std::size_t refusals = 0;  // in a row
  for (std::size_t i = 0; refusals < kProcesses && i < 2 * kLimit; ++i) {
    refused = ask(i % kProcesses);
    refusals = refused.status == 429 ? refusals + 1 : 0;
  }
  expect_problem(refused, 429);
  EXPECT_EQ(json_at(refused.body, "/type"), "/problems/provider-limited");
  EXPECT_EQ(refusals, kProcesses);
  EXPECT_GE(first_refusal_, kLeastUsed);
  EXPECT_LE(provider_.calls(), kLimit);
  EXPECT_EQ(hour_now(), hour_) << "the test has left its hour";

  clock_.advance(seconds(std::stoi(refused.header("Retry-After"))));
  EXPECT_EQ(hour_now(), hour_ + 1);
  for (std::size_t i = 0; i < kProcesses; ++i) EXPECT_EQ(ask(i).status, 200);
}

// One process makes calls while Redis is away, and none afterwards that could tell the others of them.
TEST_F(BudgetHour, CountsWhatAQuietProcessDidAlone) {
  ask_all(5);
  redis_.kill();
  ask_all(6);
  for (std::size_t i = 0; i < kLimit && ask(0).status == 200; ++i) {
  }
  const auto alone = provider_.calls();
  redis_.start();
  heal_all();
  EXPECT_TRUE(all_counted()) << counted();
  std::size_t refusals = 0;  // in a row
  for (std::size_t i = 0; refusals < kProcesses - 1 && i < 2 * kLimit; ++i) {
    refusals = ask(1 + i % (kProcesses - 1)).status == 429 ? refusals + 1 : 0;
  }
  EXPECT_GT(provider_.calls(), alone) << "the others use what is left";
  EXPECT_GE(provider_.calls(), kLeastUsed);
  EXPECT_LE(provider_.calls(), kLimit);
}

}  // namespace
}  // namespace wx::test
