// What the tests of the source share: outcomes that come from any thread, and a source before a provider that is
// played.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "open_meteo/open_meteo_source.hpp"
#include "support/fake_clock.hpp"
#include "support/fake_provider.hpp"
#include "support/memory_log.hpp"

namespace wx::open_meteo {

using namespace std::chrono_literals;
using weather::Location;
using weather::Observation;

inline Location place(std::string_view lat, std::string_view lon) {
  return {*weather::parse_coordinate(weather::Axis::latitude, lat),
          *weather::parse_coordinate(weather::Axis::longitude, lon)};
}

inline cache::LoadRequest load_request(cache::Purpose purpose, SteadyTime deadline,
                                       std::move_only_function<void(cache::Proceed)> turn) {
  cache::LoadRequest made;
  made.purpose = purpose;
  made.deadline = deadline;
  made.turn = std::move(turn);
  return made;
}

// Outcomes as they come in, from any thread.
class Outcomes {
 public:
  weather::FetchCallback taker() {
    return [this](Result<Observation> outcome) {
      const std::lock_guard lock(mutex_);
      all_.push_back(std::move(outcome));
      changed_.notify_all();
    };
  }
  // The first `count` outcomes; fewer if they do not come in time.
  std::vector<Result<Observation>> wait(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, 20s, [&] { return all_.size() >= count; });
    return all_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Result<Observation>> all_;
};

class SourceTest : public testing::Test {
 protected:
  // Without the breaker and the budget, which have tests of their own.
  OpenMeteoOptions options() {
    OpenMeteoOptions options;
    options.base_url = provider.url();
    options.limits = {};
    options.breaker.failures = 0;
    return options;
  }
  void start() { start(options()); }
  void start(const OpenMeteoOptions& chosen) {
    source = std::make_unique<OpenMeteoSource>(chosen, *client, clock, metrics, log);
  }
  // A load that goes on at once when its turn comes.
  cache::LoadRequest within(milliseconds patience) {
    return load_request(cache::Purpose::cold, clock.steady() + patience, [](cache::Proceed proceed) { proceed(true); });
  }
  Result<Observation> ask(const Location& where = place("52.52", "13.41")) {
    Outcomes outcomes;
    source->fetch(where, within(10s), outcomes.taker());
    auto all = outcomes.wait(1);
    return all.empty() ? fail(ErrorKind::internal, "no outcome came") : std::move(all.front());
  }

  test::FakeClock clock;
  test::MemoryLog log;
  observability::Metrics metrics;
  test::FakeProvider provider;
  std::unique_ptr<http_client::HttpClient> client =
      std::make_unique<http_client::HttpClient>(http_client::HttpClientOptions{}, log);
  std::unique_ptr<OpenMeteoSource> source;
};

}  // namespace wx::open_meteo
