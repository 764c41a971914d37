#include "weather/loaders.hpp"

#include <future>

#include <gtest/gtest.h>

#include "support/fake_clock.hpp"
#include "support/fake_provider.hpp"
#include "support/memory_log.hpp"

namespace wx::weather {
namespace {

using namespace std::chrono_literals;

struct ProviderLoaders : testing::Test {
  static open_meteo::OpenMeteoOptions options(const test::FakeProvider& server) {
    open_meteo::OpenMeteoOptions options;
    options.base_url = server.url();
    return options;
  }
  Result<cache::Loaded> load(std::string_view latitude, std::string_view longitude, std::uint64_t key_hash = 0) {
    const Location place{*parse_coordinate(Axis::latitude, latitude), *parse_coordinate(Axis::longitude, longitude)};
    std::promise<Result<cache::Loaded>> outcome;
    cache::LoadRequest request;
    request.deadline = clock.steady() + 10s;
    request.turn = [](cache::Proceed proceed) { proceed(true); };
    loaders(place, key_hash)(std::move(request), [&](Result<cache::Loaded> got) { outcome.set_value(std::move(got)); });
    return outcome.get_future().get();
  }

  test::FakeClock clock;
  test::MemoryLog log;
  observability::Metrics metrics;
  test::FakeProvider server;
  http_client::HttpClient client{{}, log};
  open_meteo::Provider provider{options(server), client, clock, metrics, log};
  LoaderFor loaders = provider_loaders(provider, {.fresh_for = 7s, .stale_for = 8s, .keep_for = 9s});
};

TEST_F(ProviderLoaders, AskWithCanonicalCoordinatesAndAnswerDigitForDigit) {
  server.script([](const auto& request) { return test::weather_reply(request, "2.30", "-0.0"); });
  const auto answer = load("5.252e1", "-0");
  ASSERT_TRUE(answer) << answer.error().detail;
  EXPECT_TRUE(answer->body.view().contains(R"("temperature_2m":2.30,"wind_speed_10m":-0.0})")) << answer->body.view();
  EXPECT_EQ(answer->content_type, "application/json");
  EXPECT_EQ(answer->spans, (cache::Spans{7s, 8s, 9s}));
  EXPECT_EQ(server.requests().at(0).target,
            "/v1/forecast?latitude=52.52&longitude=0&current=temperature_2m,wind_speed_10m");
}

TEST_F(ProviderLoaders, SpreadTheEndsOfFreshnessByKey) {
  loaders = provider_loaders(provider, {});
  const auto one = load("1", "2", 0);
  const auto other = load("1", "2", 20'000);
  ASSERT_TRUE(one && other);
  EXPECT_EQ(other->spans.fresh_for - one->spans.fresh_for, 20s);
  EXPECT_FALSE(one->early_refresh);
}

TEST_F(ProviderLoaders, CountFreshnessFromTheRequestUntilTheNextValue) {
  using std::chrono::sys_days;
  loaders = provider_loaders(provider, {});
  const WallTime quarter = sys_days(std::chrono::year(2026) / 8 / 1) + 12h;
  const auto sent = quarter + 5min;
  clock.set_wall(sent);
  server.script([this](const auto& request) {
    clock.advance(3s);  // the provider uses the test's clock
    auto reply = test::weather_reply(request);
    const auto time = reply.body.find(R"("time":"2)") + 8;
    return reply.body.replace(time, 16, "2026-08-01T12:00"), reply;
  });
  const auto answer = load("1", "2", 0);
  ASSERT_TRUE(answer) << answer.error().detail;
  EXPECT_EQ(sent + answer->spans.fresh_for, quarter + 15min);
}

// Wherever our clock is, the answer is fresh for the ten minutes until the provider's next value.
TEST_F(ProviderLoaders, CountFreshnessByTheProvidersClock) {
  using std::chrono::sys_days;
  loaders = provider_loaders(provider, {});
  const WallTime quarter = sys_days(std::chrono::year(2026) / 8 / 1) + 12h;
  std::string date = "Sat, 01 Aug 2026 12:05:00 GMT";
  std::string age;
  server.script([&](const auto& request) {
    auto reply = test::weather_reply(request);
    reply.headers = {{"Date", date}};
    if (!age.empty()) reply.headers.emplace_back("Age", age);
    const auto time = reply.body.find(R"("time":"2)") + 8;
    return reply.body.replace(time, 16, "2026-08-01T12:00"), reply;
  });
  const auto fresh_for = [&](milliseconds ours) {
    clock.set_wall(quarter + 5min + ours);
    const auto answer = load("1", "2", 0);
    EXPECT_TRUE(answer) << answer.error().detail;
    return answer ? answer->spans.fresh_for : 0ms;
  };
  EXPECT_EQ(fresh_for(0ms), 10min);
  for (const milliseconds ours :
       {milliseconds(20min), milliseconds(24h * 365), milliseconds(-20min), milliseconds(-24h * 365 * 56)}) {
    EXPECT_NEAR(static_cast<double>(fresh_for(ours).count()), 600'000, 1000) << ours.count();
  }
  date = "Sat, 01 Aug 2026 12:02:00 GMT";
  age = "180";
  EXPECT_NEAR(static_cast<double>(fresh_for(20min).count()), 600'000, 1000) << "kept three minutes on the way";
  age.clear();
  for (const auto* wrong : {"Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 01 Aug 2036 12:05:00 GMT", "never"}) {
    date = wrong;
    EXPECT_EQ(fresh_for(0ms), 10min) << wrong << ": our clock is the better one";
  }
}

TEST_F(ProviderLoaders, PassTheProvidersFaultOn) {
  server.always(test::refusal(500, "Something went wrong."));
  const auto outcome = load("1", "2");
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, ErrorKind::provider_error);
}

}  // namespace
}  // namespace wx::weather
