// Our routes without a socket: a memory-only service on a clock that the test moves, and a scripted client.
#pragma once

#include <deque>
#include <stdexcept>

#include <gtest/gtest.h>

#include "base/text.hpp"
#include "endpoints/endpoints.hpp"
#include "support/fake_channel.hpp"
#include "support/manual_executor.hpp"
#include "support/memory_log.hpp"
#include "weather/render.hpp"

namespace wx::endpoints {

using test::FakeChannel;

// The provider's loads, which the test answers.
class ScriptedProvider {
 public:
  explicit ScriptedProvider(const Clock& clock) : clock_(clock) {}

  weather::LoaderFor loaders() {
    return [this](const weather::Location&, std::uint64_t key_hash) -> cache::Loader {
      return [this, key_hash](cache::LoadRequest request, cache::LoadCallback done) {
        if (refuses) return done(std::unexpected(*refuses));
        request.turn([this, key_hash, begun = std::move(request.begun), done = std::move(done)](bool go) mutable {
          if (!go) return;
          if (begun) begun();
          ++count;
          waiting.push_back({key_hash, std::move(done)});
        });
      };
    };
  }
  void answer(const Result<open_meteo::CurrentWeather>& result) {
    finish([&](std::uint64_t key_hash) -> Result<cache::Loaded> {
      if (!result) return std::unexpected(result.error());
      return weather::make_answer(*result, weather::real_lifetime({}, *result, clock_.wall(), key_hash));
    });
  }
  void refuse(std::string_view reason) {
    finish([&](std::uint64_t) { return cache::Loaded::refusal(std::string(reason)); });
  }

  std::optional<Error> refuses;  // before the turn, as without a budget
  int count = 0;
  std::deque<std::pair<std::uint64_t, cache::LoadCallback>> waiting;

 private:
  template <class Outcome>
  void finish(Outcome outcome) {
    ASSERT_FALSE(waiting.empty());
    auto [key_hash, done] = std::move(waiting.front());
    waiting.pop_front();
    done(outcome(key_hash));
  }

  const Clock& clock_;
};

class EndpointsTest : public testing::Test {
 protected:
  using Answer = std::shared_ptr<FakeChannel>;

  Endpoints& endpoints() {
    if (!endpoints_) endpoints_.emplace(context());
    return *endpoints_;
  }
  Context context() { return context(service_); }
  Context context(weather::Service& service) {
    return {.options = options_,
            .service = service,
            .thread = thread_,
            .clock = clock_,
            .metrics = metrics_,
            .log = log_,
            .read_status = read_status_,
            .lab = lab_,
            .limits = limits_,
            .random = Random(1),
            .outage = outage_ ? &*outage_ : nullptr,
            .redis_down = [this] { return process_.redis.state == "down"; }};
  }

  // The answer, which may come at once, or when the clock moves or the provider answers.
  Answer send(std::string_view method, std::string_view target, std::string_view lines = "") {
    auto channel = std::make_shared<FakeChannel>(method, target, lines, clock_.steady(), &executor_);
    http_server::Exchange exchange(*channel);
    endpoints().handler().handle(exchange);
    return channel;
  }
  Answer get(std::string_view target, std::string_view lines = "") { return send("GET", target, lines); }

  // A mock request and its answer, including the delay.
  Answer ask_mock(std::string_view target, std::string_view lines = "") {
    auto answer = get(target, lines);
    if (answer->answers == 0) executor_.advance(milliseconds(500));
    return answer;
  }

  open_meteo::CurrentWeather current() const {
    open_meteo::CurrentWeather weather;
    weather.latitude = "52.52";
    weather.longitude = "13.419998";
    weather.elevation = "38.0";
    weather.time = "2026-01-01T00:00";
    weather.interval = "900";
    weather.temperature_unit = "°C";
    weather.wind_speed_unit = "km/h";
    weather.temperature = "-2.30";
    weather.wind_speed = "10.7";
    weather.valid_from = std::chrono::time_point_cast<std::chrono::seconds>(clock_.wall());
    weather.valid_for = std::chrono::minutes(15);
    return weather;
  }

  test::FakeClock clock_;
  test::ManualExecutor executor_{clock_};
  observability::Metrics metrics_;
  test::MemoryLog log_;
  ProcessStatus process_{.phase = ServicePhase::serving,
                         .uptime = std::chrono::seconds(61),
                         .connections = 3,
                         .memory = {.bytes = 1234, .limit = 4096, .entries = 5},
                         .provider = {.windows = {{.name = "minute", .used = 7, .limit = 600}}}};
  const ReadStatus read_status_ = [this] { return process_; };
  LabGate lab_;
  static EndpointOptions default_options() {
    EndpointOptions options;
    options.version = "1.2.3";
    return options;
  }
  EndpointOptions options_ = default_options();
  Limits limits_{{.client_loads = {.loads = 3, .window = std::chrono::seconds(60), .max_clients = 100},
                  .mock_loads = {.loads = 600, .window = std::chrono::seconds(60), .max_clients = 100}}};
  std::optional<cache::Outage> outage_;
  cache::TieredCache cache_{{}, clock_, metrics_, log_};
  cache::CacheThread worker_{executor_, nullptr, clock_};
  ScriptedProvider provider_{clock_};
  weather::Mock mock_{executor_, milliseconds(500), weather::LifetimeOptions{}, metrics_};
  weather::ServiceThread thread_{worker_, weather::mock_loaders(mock_)};
  weather::Service service_{cache_, provider_.loaders()};
  std::optional<Endpoints> endpoints_;
};

}  // namespace wx::endpoints
