// Several processes share one Redis, and one load serves all of them, whatever happens to the process that loads.
#include <algorithm>
#include <array>
#include <atomic>
#include <functional>
#include <iterator>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

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

using Clock = std::chrono::steady_clock;

constexpr std::size_t kProcesses = 4;
// Far below REQUEST_TIMEOUT, the time that a hanging caller would take.
constexpr milliseconds kSlack = milliseconds(1000) * kSlowdown;
// With memos of 1, 2 and 4 s, the third attempt has ended and the fourth is far off. An attempt takes up to a second.
constexpr milliseconds kThreeAttempts{5500};

class Fleet : public testing::Test {
 protected:
  void start(Settings more) {
    more.emplace("OPEN_METEO_URL", provider_.url());
    more.emplace("UPSTREAM_TIMEOUT", "9s");
    const Settings settings = patient(redis_, std::move(more));
    for (std::size_t i = 0; i < kProcesses; ++i) services_.push_back(std::make_unique<Service>(settings));
    for (const auto& service : services_) {
      const auto listening = [](const Answer& stats) { return stats.body.contains(R"("backplane":"listening")"); };
      (void)get_until(*service, "/stats", milliseconds(5000), listening);
    }
  }
  // 400 callers, a hundred per process. All start at once, or those of process i start after offsets[i].
  std::vector<Answer> ask_all(std::string_view target, const std::array<milliseconds, kProcesses>& offsets = {}) {
    std::vector<std::vector<Answer>> answers(kProcesses);
    in_parallel(kProcesses, [&](std::size_t i) {
      std::this_thread::sleep_for(offsets[i]);
      answers[i] = http_get_at_once(services_[i]->port(), target, 100);
    });
    std::vector<Answer> all;
    for (auto& some : answers) all.insert(all.end(), some.begin(), some.end());
    return all;
  }
  struct Asked {
    Clock::time_point before;
    Answer answer;
    Clock::time_point after;
  };
  // Lets time pass on the clock of Redis, and of services with clock_.setting().
  void pass(milliseconds span) {
    passed_ms_ += span.count();
    clock_.advance(span);
  }
  // The time on that clock.
  [[nodiscard]] Clock::time_point now() const { return Clock::now() + milliseconds(passed_ms_); }
  // Asks every process again and again during `span` of that clock.
  std::vector<Asked> ask_on(std::string_view target, milliseconds span) {
    std::vector<std::vector<Asked>> asked(kProcesses);
    for (const auto end = now() + span; now() < end; pass(milliseconds(30))) {
      in_parallel(kProcesses, [&](std::size_t i) {
        const auto before = now();
        Answer answer = services_[i]->get(target);
        asked[i].push_back({before, std::move(answer), now()});
      });
    }
    std::vector<Asked> all;
    for (auto& some : asked) std::ranges::move(some, std::back_inserter(all));
    return all;
  }

  ClockControl clock_;
  std::atomic<milliseconds::rep> passed_ms_{0};
  const RedisServer redis_{{.clock = &clock_}};
  FakeProvider provider_;
  std::vector<std::unique_ptr<Service>> services_;
};

TEST_F(Fleet, MakesOneCallForAColdKey) {
  provider_.answer_weather(milliseconds(500 * kSlowdown));
  start({});
  for (int round = 0; round < 3; ++round) {
    const auto before = provider_.calls();
    for (const Answer& answer : ask_all(cat("/weather?lat=", round, "&lon=7"))) EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(provider_.calls(), before + 1);
  }
}

// The moments at which the processes ask, spread around the steps of the one that loads: at its start, during its load,
// while it stores and publishes, and just after. Every process asks at every moment in some round.
class Points {
 public:
  std::array<milliseconds, kProcesses> next() {
    if (!std::ranges::next_permutation(order_).found) ++jitter_;
    auto offsets = order_;
    for (std::size_t i = 0; i < kProcesses; ++i) offsets[i] += milliseconds((jitter_ + 3 * i) % 5);
    return offsets;
  }
  static constexpr milliseconds kLoad{40};

 private:
  std::array<milliseconds, kProcesses> order_{milliseconds(0), kLoad / 2, kLoad - milliseconds(2),
                                              kLoad + milliseconds(1)};
  std::size_t jitter_ = 0;
};
constexpr int kRounds = 200 / kSlowdown;

TEST_F(Fleet, NeverMakesASecondCallWhateverTheInterleavingOnAColdKey) {
  provider_.answer_weather(Points::kLoad);
  start({{"UPSTREAM_LIMIT", "off"}});
  Points points;
  for (int round = 0; round < kRounds; ++round) {
    for (const Answer& answer : ask_all(cat("/weather?lat=", round % 90, "&lon=", round / 90), points.next())) {
      EXPECT_EQ(answer.status, 200);
    }
    ASSERT_EQ(provider_.calls(), static_cast<std::size_t>(round) + 1) << "round " << round;
  }
}

TEST_F(Fleet, NeverMakesASecondCallWhateverTheInterleavingOnAStaleKey) {
  start(
      {{"UPSTREAM_LIMIT", "off"}, {"CACHE_TTL", "1h"}, {"CACHE_STALE", "1h"}, {"CACHE_EARLY", "1"}, clock_.setting()});
  const auto target = [](int round) { return cat("/weather?lat=", round % 90, "&lon=", round / 90); };
  for (int round = 0; round < kRounds; ++round) {
    // Every process holds the copy, so a copy in Redis cannot prevent a second load.
    for (const auto& service : services_) ASSERT_EQ(service->get(target(round)).status, 200);
  }
  clock_.advance(std::chrono::minutes(61));
  const auto before = provider_.calls();
  ASSERT_EQ(before, static_cast<std::size_t>(kRounds));
  provider_.answer_weather(Points::kLoad);
  Points points;
  for (int round = 0; round < kRounds; ++round) {
    for (const Answer& answer : ask_all(target(round), points.next())) EXPECT_EQ(answer.status, 200);
    ASSERT_LE(provider_.calls(), before + static_cast<std::size_t>(round + 1)) << "round " << round;
  }
  const auto all_refreshed = [&] { return provider_.calls() == before + static_cast<std::size_t>(kRounds); };
  EXPECT_TRUE(eventually(all_refreshed));
}

TEST_F(Fleet, RefreshesAStaleKeyByOneCallThatNobodyWaitsFor) {
  start({{"CACHE_TTL", "1s"}, {"CACHE_STALE", "1h"}, {"CACHE_EARLY", "1"}});
  EXPECT_EQ(services_[0]->get(kReal).status, 200);
  const auto stale = [](const Answer& answer) { return answer.header("Age") == "1"; };
  for (const auto& service : services_) (void)service->get(kReal);
  const auto delay = milliseconds(2000 * kSlowdown);
  provider_.answer_weather(delay);
  const auto before = provider_.calls();
  (void)get_until(*services_[0], kReal, milliseconds(5000), stale);
  for (const Answer& answer : ask_all(kReal)) {
    EXPECT_EQ(answer.header("X-Cache"), "STALE") << answer.header("Cache-Status");
    EXPECT_LT(answer.took, delay / 2);
  }
  EXPECT_EQ(provider_.calls(), before + 1);
}

TEST_F(Fleet, FollowsAHolderThatWasKilledWhenItsLeaseEnds) {
  provider_.always(never());
  start({{"UPSTREAM_TIMEOUT", "1s"}, {"REQUEST_TIMEOUT", "30s"}});
  constexpr milliseconds kLease{3000};  // UPSTREAM_TIMEOUT + 2 s
  const auto begin = Clock::now();
  const std::jthread first([&] {
    try {
      (void)services_[0]->get(kReal);
    } catch (const std::exception&) {
      // The service is killed below.
    }
  });
  ASSERT_TRUE(provider_.wait_for_calls(1));
  provider_.answer_weather();
  services_[0]->kill();
  std::array<std::vector<Answer>, kProcesses - 1> answers;
  in_parallel(kProcesses - 1,
              [&](std::size_t i) { answers[i] = http_get_at_once(services_[i + 1]->port(), kReal, 20); });
  EXPECT_GE(Clock::now(), begin + kLease);
  for (const auto& some : answers) {
    for (const Answer& answer : some) {
      EXPECT_EQ(answer.status, 200);
      EXPECT_LT(answer.took, kLease + kSlack) << "its lease was taken before they asked";
    }
  }
  EXPECT_EQ(provider_.calls(), 2U);
}

// A provider that fails and records the times of its calls, as `now` tells them.
class Attempts {
 public:
  Attempts(FakeProvider& provider, ProviderReply reply, std::function<Clock::time_point()> now) : provider_(provider) {
    provider.script([this, reply = std::move(reply), now = std::move(now)](const ProviderRequest&) {
      const std::lock_guard lock(mutex_);
      times_.push_back(now());
      return reply;
    });
  }
  Attempts(const Attempts&) = delete;
  Attempts& operator=(const Attempts&) = delete;
  ~Attempts() { provider_.answer_weather(); }  // the fleet still runs, and may call
  // Expects `count` calls, each of them after the memo of the previous one had ended: 1 s, 2 s, 4 s ...
  void expect(std::size_t count) const {
    const std::lock_guard lock(mutex_);
    EXPECT_EQ(times_.size(), count);
    milliseconds memo(1000);
    for (std::size_t i = 1; i < times_.size(); ++i, memo *= 2) {
      EXPECT_GE(times_[i] - times_[i - 1], memo - milliseconds(20)) << "attempt " << i;
    }
  }

 private:
  FakeProvider& provider_;
  mutable std::mutex mutex_;
  std::vector<Clock::time_point> times_;
};

TEST_F(Fleet, TriesAFailingProviderOncePerMemoAndServesWhatItKept) {
  start({{"CACHE_TTL", "1s"}, {"CACHE_STALE", "0"}, {"ERROR_TTL", "1s"}, clock_.setting()});
  const auto asked = now();
  EXPECT_EQ(services_[0]->get(kReal).status, 200);
  const auto stored = now();
  for (const auto& service : services_) EXPECT_EQ(service->get(kReal).status, 200);
  const Attempts attempts(provider_, html_reply(500, "<html>"),
                          [this] { return now(); });  // not a status that is retried
  pass(milliseconds(1010));                           // processes exchange ages in milliseconds
  EXPECT_EQ(services_[0]->get(kReal).header("X-Cache"), "STALE");
  for (const Asked& one : ask_on(kReal, kThreeAttempts)) {
    EXPECT_EQ(one.answer.status, 200);
    EXPECT_TRUE(one.answer.header("Cache-Status").contains("stale-if-error")) << one.answer.header("Cache-Status");
    const auto age = std::chrono::seconds(std::stoi(one.answer.header("Age")));
    EXPECT_GT(age + std::chrono::seconds(1), one.before - stored - milliseconds(5));
    EXPECT_LE(age, one.after - asked + milliseconds(5));
  }
  attempts.expect(3);
}

TEST_F(Fleet, TriesAFailingProviderOncePerMemoAlsoWithNothingKept) {
  start({{"ERROR_TTL", "1s"}, clock_.setting()});
  const Attempts attempts(provider_, html_reply(500, "<html>"), [this] { return now(); });
  for (const Asked& one : ask_on(kReal, kThreeAttempts)) {
    expect_problem(one.answer, 502);
    EXPECT_LT(one.answer.took, kSlack);
  }
  attempts.expect(3);
}

TEST_F(Fleet, LetsNobodyHangBehindAProviderThatNeverAnswers) {
  start({{"ERROR_TTL", "1s"}, {"UPSTREAM_TIMEOUT", "1s"}, clock_.setting()});
  const Attempts attempts(provider_, never(), [this] { return now(); });
  for (const Asked& one : ask_on(kReal, kThreeAttempts)) {
    expect_problem(one.answer, 504);
    EXPECT_LT(one.answer.took, milliseconds(1000) + kSlack);
  }
  attempts.expect(3);
}

TEST_F(Fleet, ForgetsInEveryProcessWhatOnePurges) {
  start({{"ADMIN_TOKEN", "correct-horse"}, {"MOCK_DELAY", "10ms"}});
  for (const auto& service : services_) EXPECT_EQ(service->get(kMock).status, 200);
  const Headers admin{{"Authorization", "Bearer correct-horse"}};
  EXPECT_EQ(HttpClient(services_[3]->port()).request("DELETE", kMock, admin).status, 204);
  const auto missed = [](const Answer& answer) { return answer.header("X-Cache") == "MISS"; };
  EXPECT_TRUE(missed(get_until(*services_[0], kMock, milliseconds(5000), missed)));
  EXPECT_EQ(HttpClient(services_[3]->port()).request("DELETE", "/cache", admin).status, 204);
  EXPECT_TRUE(missed(get_until(*services_[1], kMock, milliseconds(5000), missed)));
}

// A DELETE of one place that Redis does not take is obeyed by its own process at once, and by the fleet later.
TEST_F(Fleet, OwesAPurgeOfOnePlaceToARedisThatWasAway) {
  BlackHole link(redis_.port());
  const Settings settings{{"ADMIN_TOKEN", "correct-horse"}, {"UPSTREAM_LIMIT", "off"}, {"CACHE_TTL", "1h"}};
  start(settings);
  Settings behind_link = settings;
  behind_link.emplace("REDIS_URL", cat("redis://127.0.0.1:", link.port()));
  behind_link.emplace("OPEN_METEO_URL", provider_.url());
  const Service apart(patient(redis_, std::move(behind_link)));
  const auto listening = [](const Answer& stats) { return stats.body.contains(R"("backplane":"listening")"); };
  EXPECT_TRUE(listening(get_until(apart, "/stats", milliseconds(5000), listening)));
  for (const auto& service : services_) EXPECT_EQ(service->get(kReal).status, 200);
  EXPECT_EQ(apart.get(kReal).status, 200);
  EXPECT_EQ(provider_.calls(), 1U);

  provider_.script([](const ProviderRequest& request) { return weather_reply(request, "-7.5", "3.0"); });
  link.reset_everything();
  const Headers admin{{"Authorization", "Bearer correct-horse"}};
  EXPECT_EQ(HttpClient(apart.port()).request("DELETE", kReal, admin).status, 503);
  EXPECT_EQ(source_of(services_[0]->get(kReal)), kFromMemory);
  const auto renewed = [](const Answer& answer) { return answer.body.contains("-7.5"); };
  EXPECT_TRUE(renewed(apart.get(kReal)));
  link.heal();
  for (const auto& service : services_) {
    EXPECT_TRUE(renewed(get_until(*service, kReal, milliseconds(9000), renewed)));
    EXPECT_TRUE(renewed(apart.get(kReal))) << "although Redis held the old answer until now";
  }
  EXPECT_EQ(provider_.calls(), 3U) << "one without Redis, and one for the rest of the fleet";
}

TEST_F(Fleet, PutsBackWhatARedisWithoutItsDataHasLost) {
  start({{"UPSTREAM_LIMIT", "off"}, {"CACHE_TTL", "1h"}});
  constexpr int kPlaces = 90;
  const auto target = [](int place) { return cat("/weather?lat=", place, "&lon=3"); };
  for (const auto& service : services_) {
    for (int place = 0; place < kPlaces; ++place) ASSERT_EQ(service->get(target(place)).status, 200);
  }
  EXPECT_EQ(provider_.calls(), static_cast<std::size_t>(kPlaces));
  redis_.command({"FLUSHALL"});
  redis_.command({"CLIENT", "KILL", "TYPE", "normal"});
  redis_.command({"CLIENT", "KILL", "TYPE", "pubsub"});
  const auto all_back = [&](const Answer&) {
    for (int place = 0; place < kPlaces; ++place) (void)services_[0]->get(target(place));
    return redis_.command({"EXISTS", "weather:89:3"}) == "1" && redis_.command({"EXISTS", "weather:0:3"}) == "1";
  };
  EXPECT_TRUE(all_back(get_until(*services_[0], "/stats", milliseconds(9000), all_back)));
  EXPECT_EQ(provider_.calls(), static_cast<std::size_t>(kPlaces));
}

// Works whichever thread purges, and whether it sees its own message or the reply first.
TEST_F(Fleet, SharesAsBeforeAfterPurgesOfEverything) {
  start({{"ADMIN_TOKEN", "correct-horse"}, {"UPSTREAM_LIMIT", "off"}, {"THREADS", "3"}});
  const Headers admin{{"Authorization", "Bearer correct-horse"}};
  for (std::size_t purge = 0; purge < 12; ++purge) {
    const auto& purging = *services_[purge % 2];
    EXPECT_EQ(HttpClient(purging.port()).request("DELETE", "/cache", admin).status, 204);
    const auto heard = [&](const Answer& metrics) {
      return metrics.body.contains(cat("weather_cache_cache_purges_total ", purge + 1, "\n"));
    };
    for (const auto& service : services_)
      EXPECT_TRUE(heard(get_until(*service, "/metrics", milliseconds(5000), heard)));
    const auto before = provider_.calls();
    const auto target = cat("/weather?lat=", purge, "&lon=5");
    for (const auto& service : services_) EXPECT_EQ(service->get(target).status, 200);
    for (const auto& service : services_) EXPECT_EQ(source_of(service->get(target)), kFromMemory);
    EXPECT_EQ(provider_.calls(), before + 1) << "after purge " << purge + 1;
  }
}

TEST_F(Fleet, PurgesEverythingAlthoughRedisHasForgottenEarlierPurges) {
  start({{"ADMIN_TOKEN", "correct-horse"}, {"UPSTREAM_LIMIT", "off"}, {"CACHE_TTL", "1h"}});
  const Headers admin{{"Authorization", "Bearer correct-horse"}};
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(HttpClient(services_[0]->port()).request("DELETE", "/cache", admin).status, 204);
  }
  const auto epoch = [&] { return std::stoull(redis_.command({"GET", "weather:epoch"}).value_or("0")); };
  const auto last = epoch();
  const auto kept = [&](const Answer& answer) { return source_of(answer) == kFromMemory; };
  for (const auto& service : services_) EXPECT_TRUE(kept(get_until(*service, kReal, milliseconds(5000), kept)));
  redis_.command({"FLUSHALL"});
  const auto before = provider_.calls();
  EXPECT_EQ(HttpClient(services_[1]->port()).request("DELETE", "/cache", admin).status, 204);
  EXPECT_GT(epoch(), last);
  const auto renewed = [&](const Answer& answer) { return answer.header("X-Cache") == "MISS"; };
  EXPECT_TRUE(renewed(get_until(*services_[0], kReal, milliseconds(5000), renewed)));

  // A process that has not seen the three purges either: another Redis client, which raises the epoch that it finds.
  redis_.command({"FLUSHALL"});
  for (const auto& service : services_) EXPECT_TRUE(kept(get_until(*service, kReal, milliseconds(5000), kept)));
  redis_.command({"INCR", "weather:epoch"});
  redis_.command({"PUBLISH", "weather:events", "epoch 1"});
  EXPECT_TRUE(renewed(get_until(*services_[0], kReal, milliseconds(5000), renewed)));
  EXPECT_GE(provider_.calls(), before + 2);
}

// A load in progress does not hold up the end of its process. Its lease must not hold up the other processes either.
TEST_F(Fleet, GetsItsLeasesBackFromAProcessThatEnds) {
  provider_.answer_weather(milliseconds(9000));
  start({{"REQUEST_TIMEOUT", "300ms"}});
  const std::vector<std::string> lease{"EXISTS", "weather:lease:{weather:52.52:13.41}"};
  EXPECT_EQ(services_[0]->get(kReal).status, 504);
  EXPECT_EQ(redis_.command(lease), "1");
  services_.clear();
  EXPECT_EQ(redis_.command(lease), "0");
}

// A DELETE at a process without Redis answers 503, and takes effect in the fleet once Redis is back.
TEST_F(Fleet, IsPurgedByAProcessThatWasCutOffOnceThatIsBack) {
  BlackHole link(redis_.port());
  start({{"ADMIN_TOKEN", "correct-horse"}, {"UPSTREAM_LIMIT", "off"}, {"CACHE_TTL", "1h"}});
  const Service apart(patient(redis_, {{"REDIS_URL", cat("redis://127.0.0.1:", link.port())},
                                       {"OPEN_METEO_URL", provider_.url()},
                                       {"ADMIN_TOKEN", "correct-horse"},
                                       {"UPSTREAM_LIMIT", "off"},
                                       {"CACHE_TTL", "1h"}}));
  const auto listening = [](const Answer& stats) { return stats.body.contains(R"("backplane":"listening")"); };
  EXPECT_TRUE(listening(get_until(apart, "/stats", milliseconds(5000), listening)));
  for (const auto& service : services_) EXPECT_EQ(service->get(kReal).status, 200);
  EXPECT_EQ(apart.get(kReal).status, 200);
  EXPECT_EQ(provider_.calls(), 1U);

  link.reset_everything();
  const auto deaf = [&](const Answer& stats) { return !listening(stats); };
  EXPECT_TRUE(deaf(get_until(apart, "/stats", milliseconds(5000), deaf)));
  const Headers admin{{"Authorization", "Bearer correct-horse"}};
  EXPECT_EQ(HttpClient(apart.port()).request("DELETE", "/cache", admin).status, 503);
  for (const auto& service : services_) EXPECT_EQ(source_of(service->get(kReal)), kFromMemory);

  link.heal();
  const auto heard = [](const Answer& metrics) {
    return metrics.body.contains("weather_cache_cache_purges_total 1\n");
  };
  for (const auto& service : services_) EXPECT_TRUE(heard(get_until(*service, "/metrics", milliseconds(10000), heard)));
  for (const auto& service : services_) EXPECT_EQ(service->get(kReal).status, 200);
  EXPECT_TRUE(listening(get_until(apart, "/stats", milliseconds(5000), listening)));
  EXPECT_EQ(apart.get(kReal).status, 200);
  EXPECT_EQ(provider_.calls(), 2U) << "one for all processes, including the one that purged";
}

}  // namespace
}  // namespace wx::test
