// Shared by the tests of the Provider: outcomes from any thread, and a Provider in front of a scripted server.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "open_meteo/current_weather.hpp"
#include "open_meteo/provider.hpp"
#include "support/fake_clock.hpp"
#include "support/fake_provider.hpp"
#include "support/memory_log.hpp"

namespace wx::open_meteo {

using namespace std::chrono_literals;
// A call for the current weather at a place. The loaded value is the temperature.
inline Call call_at(std::string_view latitude, std::string_view longitude) {
  return {.target = current_weather_target(latitude, longitude),
          .read = [](const Reply& reply, const AttemptTimes& times) -> Result<cache::Loaded> {
            auto weather = read_current_weather(reply, times.received_there());
            if (!weather) return std::unexpected(std::move(weather.error()));
            cache::Loaded loaded;
            loaded.body = std::move(weather->temperature);
            return loaded;
          }};
}

inline cache::LoadRequest load_request(cache::Purpose purpose, SteadyTime deadline,
                                       std::move_only_function<void(cache::Proceed)> turn) {
  cache::LoadRequest made;
  made.purpose = purpose;
  made.deadline = deadline;
  made.turn = std::move(turn);
  return made;
}

// Collects outcomes from any thread. An outcome may come after the end of this object.
class Outcomes {
 public:
  cache::LoadCallback taker() {
    return [taken = taken_](Result<cache::Loaded> outcome) {
      const std::lock_guard lock(taken->mutex);
      taken->all.push_back(std::move(outcome));
      taken->changed.notify_all();
    };
  }
  // The first `count` outcomes. Fewer if they do not come in time.
  std::vector<Result<cache::Loaded>> wait(std::size_t count) {
    std::unique_lock lock(taken_->mutex);
    taken_->changed.wait_for(lock, 20s, [&] { return taken_->all.size() >= count; });
    return taken_->all;
  }

 private:
  struct Taken {
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<Result<cache::Loaded>> all;  // guarded by mutex
  };
  const std::shared_ptr<Taken> taken_ = std::make_shared<Taken>();
};

class ProviderTest : public testing::Test {
 protected:
  // Without the breaker and the budget, which have their own tests.
  OpenMeteoOptions options() {
    OpenMeteoOptions options;
    options.base_url = server.url();
    options.limits = {};
    options.breaker.failures = 0;
    return options;
  }
  void start() { start(options()); }
  void start(const OpenMeteoOptions& chosen) {
    provider = std::make_unique<Provider>(chosen, *client, clock, metrics, log);
  }
  // A load that proceeds at once when its turn comes.
  cache::LoadRequest within(milliseconds patience) {
    return load_request(cache::Purpose::cold, clock.steady() + patience, [](cache::Proceed proceed) { proceed(true); });
  }
  Result<cache::Loaded> ask(Call call = call_at("52.52", "13.41")) {
    Outcomes outcomes;
    provider->load(std::move(call), within(10s), outcomes.taker());
    auto all = outcomes.wait(1);
    return all.empty() ? fail(ErrorKind::internal, "no outcome came") : std::move(all.front());
  }

  test::FakeClock clock;
  test::MemoryLog log;
  observability::Metrics metrics;
  test::FakeProvider server;
  std::unique_ptr<http_client::HttpClient> client =
      std::make_unique<http_client::HttpClient>(http_client::HttpClientOptions{}, log);
  std::unique_ptr<Provider> provider;
};

}  // namespace wx::open_meteo
