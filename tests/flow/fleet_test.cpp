// Several processes, one Redis: one load for all of them, whatever happens to whoever loads.
#include <memory>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/text.hpp"
#include "flow/service.hpp"
#include "flow/weather.hpp"
#include "support/fake_provider.hpp"
#include "support/redis_server.hpp"

namespace wx::test {
namespace {

constexpr std::size_t kProcesses = 4;

void answer_after(FakeProvider& provider, milliseconds delay) {
  provider.script([delay](const ProviderRequest& request) {
    ProviderReply reply = weather_reply(request);
    reply.delay = delay;
    return reply;
  });
}

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
  // 400 callers at once, a hundred to each process.
  std::vector<Answer> ask_all(std::string_view target) {
    std::vector<std::vector<Answer>> answers(kProcesses);
    in_parallel(kProcesses, [&](std::size_t i) { answers[i] = http_get_at_once(services_[i]->port(), target, 100); });
    std::vector<Answer> all;
    for (auto& some : answers) all.insert(all.end(), some.begin(), some.end());
    return all;
  }

  const RedisServer redis_;
  FakeProvider provider_;
  std::vector<std::unique_ptr<Service>> services_;
};

TEST_F(Fleet, MakesOneCallForAColdKey) {
  answer_after(provider_, milliseconds(500 * kSlowdown));
  start({});
  for (int round = 0; round < 3; ++round) {
    const auto before = provider_.calls();
    for (const Answer& answer : ask_all(cat("/weather?lat=", round, "&lon=7"))) EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(provider_.calls(), before + 1);
  }
}

TEST_F(Fleet, RefreshesAStaleKeyByOneCallThatNobodyWaitsFor) {
  start({{"CACHE_TTL", "1s"}, {"CACHE_STALE", "1h"}, {"CACHE_EARLY", "1"}});
  EXPECT_EQ(services_[0]->get(kReal).status, 200);
  const auto stale = [](const Answer& answer) { return answer.header("Age") == "1"; };
  for (const auto& service : services_) (void)service->get(kReal);
  const auto delay = milliseconds(2000 * kSlowdown);
  answer_after(provider_, delay);
  const auto before = provider_.calls();
  (void)get_until(*services_[0], kReal, milliseconds(5000), stale);
  for (const Answer& answer : ask_all(kReal)) {
    EXPECT_EQ(answer.header("X-Cache"), "STALE") << answer.header("Cache-Status");
    EXPECT_LT(answer.took, delay / 2);
  }
  EXPECT_EQ(provider_.calls(), before + 1);
}

TEST_F(Fleet, FollowsAHolderThatWasKilledWhenItsLeaseEnds) {
  ProviderReply never;
  never.delay = milliseconds(60'000);
  provider_.always(never);
  start({{"UPSTREAM_TIMEOUT", "1s"}, {"REQUEST_TIMEOUT", "30s"}});
  const std::jthread first([&] {
    try {
      (void)services_[0]->get(kReal);
    } catch (const std::exception&) {
      // Its service is killed below.
    }
  });
  ASSERT_TRUE(provider_.wait_for_calls(1));
  provider_.answer_weather();
  services_[0]->kill();
  const auto answers = http_get_at_once(services_[1]->port(), kReal, 20);
  for (const Answer& answer : answers) EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(provider_.calls(), 2U);
}

TEST_F(Fleet, TriesAFailingProviderOncePerMemoAndServesWhatItKept) {
  start({{"CACHE_TTL", "1s"}, {"CACHE_STALE", "0"}, {"ERROR_TTL", "30s"}});
  for (const auto& service : services_) EXPECT_EQ(service->get(kReal).status, 200);
  provider_.always(html_reply(500, "<html>"));  // not one of the statuses that are tried a second time
  const auto before = provider_.calls();
  const auto kept = [](const Answer& answer) { return answer.header("X-Cache") == "STALE"; };
  EXPECT_EQ(get_until(*services_[0], kReal, milliseconds(5000), kept).status, 200);
  for (const Answer& answer : ask_all(kReal)) {
    EXPECT_EQ(answer.status, 200);
    EXPECT_TRUE(answer.header("Cache-Status").contains("stale-if-error")) << answer.header("Cache-Status");
  }
  EXPECT_EQ(provider_.calls(), before + 1);
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

}  // namespace
}  // namespace wx::test
