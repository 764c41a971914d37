// A mixed load with faults injected at random. At the end everything is as at the beginning.
//
// WX_SOAK_SECONDS (20, with the address sanitizer 60) is the duration. WX_SOAK_SEED selects the faults and the
// questions. The seed is printed. The same seed repeats the sequence of faults and the sequence of each client's
// questions, but not how they interleave.
//
// Two builds find two kinds of leak. The address sanitizer finds memory that nothing points at when the services stop.
// Memory that is still held but keeps growing shows in the plain build, whose memory is a few megabytes and settles
// within seconds. With the sanitizer, most memory is the sanitizer's own and takes minutes to settle (50 MiB after half
// a minute, 65 MiB after two), so there only a run that is long enough checks it.
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <iostream>
#include <map>
#include <mutex>
#include <random>

#include <gtest/gtest.h>

#include "base/text.hpp"
#include "flow/json.hpp"
#include "flow/service.hpp"
#include "flow/weather.hpp"
#include "support/black_hole.hpp"
#include "support/fake_provider.hpp"
#include "support/process_stats.hpp"
#include "support/redis_server.hpp"

namespace wx::test {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::seconds;
using Random = std::mt19937_64;

constexpr std::size_t kProcesses = 2;
constexpr std::size_t kClients = 24;
constexpr int kPlaces = 20;
constexpr int kCallsPerMinute = 600;
constexpr std::string_view kToken = "correct-horse";
constexpr seconds kFresh{5};
constexpr seconds kStale{5};
constexpr seconds kKeep{60};
constexpr milliseconds kRequestTimeout{5000};
// For this long after a fault of the provider, its failures are remembered and its breaker may be open.
constexpr milliseconds kAftermath = milliseconds(8000) * kSlowdown;
// Time for hand-overs between threads and processes on a busy machine.
constexpr milliseconds kSlack = milliseconds(2500) * kSlowdown;
#ifdef WX_SOAK_ADDRESS_SANITIZER
constexpr std::uint64_t kUsualSeconds = 60;
constexpr seconds kMemorySettles{150};
constexpr std::size_t kMemoryNoise = std::size_t{8} << 20;
#else
constexpr std::uint64_t kUsualSeconds = 20;
constexpr seconds kMemorySettles{10};
constexpr std::size_t kMemoryNoise = std::size_t{1} << 20;
#endif

std::uint64_t number_from(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): no thread changes the environment
  return text == nullptr ? otherwise : std::stoull(text);
}

milliseconds between(Random& random, int least, int most) {
  return milliseconds(std::uniform_int_distribution<int>(least, most)(random));
}

int below(Random& random, int end) {
  return std::uniform_int_distribution<int>(0, end - 1)(random);
}

// The provider. Its answer has the latitude as temperature, and the second of the call as wind speed.
class Weather {
 public:
  enum class Mood : std::uint8_t { good, error, unavailable, never, slow, garbage, truncated, reset, refusing, busy };
  static constexpr int kMoods = static_cast<int>(Mood::busy) + 1;

  explicit Weather(FakeProvider& provider) : provider_(provider) {
    provider.script([this](const ProviderRequest& request) { return answer(request); });
  }
  Weather(const Weather&) = delete;
  Weather& operator=(const Weather&) = delete;
  ~Weather() { provider_.answer_weather(); }  // the provider still runs

  void set(Mood mood) {
    mood_ = mood;
    if (mood == Mood::good) well_since_ = since_start().count();
  }
  [[nodiscard]] milliseconds since_start() const {
    return std::chrono::duration_cast<milliseconds>(Clock::now() - start_);
  }
  // Returns whether neither the provider nor a memory of its failures can have affected a question asked at that time.
  [[nodiscard]] bool was_well_at(milliseconds time) const {
    return mood_ == Mood::good && time.count() > well_since_ + kAftermath.count();
  }
  // The calls per minute of the wall clock.
  [[nodiscard]] std::map<long, int> minutes() const {
    const std::lock_guard lock(mutex_);
    return minutes_;
  }

 private:
  ProviderReply answer(const ProviderRequest& request) {
    {
      const auto now = std::chrono::system_clock::now().time_since_epoch();
      const std::lock_guard lock(mutex_);
      if (now % std::chrono::minutes(1) > milliseconds(200)) {  // the rest may belong to the previous minute
        ++minutes_[std::chrono::duration_cast<std::chrono::minutes>(now).count()];
      }
    }
    std::string second;
    append_fixed(second, static_cast<double>(since_start().count()) / 1000, 3);
    ProviderReply good = weather_reply(request, request.parameter("latitude"), second);
    good.delay = milliseconds(20 + static_cast<int>(request.number % 40));
    switch (mood_) {
      case Mood::good:
        return good;
      case Mood::error:
        return html_reply(500, "<html>");
      case Mood::unavailable:
        return html_reply(503, "<html>");
      case Mood::never:
        return never();
      case Mood::slow:
        good.delay = milliseconds(900);
        return good;
      case Mood::garbage:
        return garbage("\x01\x02HTTP/9 what\r\n\r\n{\"latitude\":");
      case Mood::truncated:
        return truncated(good, ProviderReply::Framing::content_length);
      case Mood::reset:
        return connection_reset();
      case Mood::refusing:
        return json_reply(200, R"({"error":true,"reason":"no"})");
      case Mood::busy:
        return refusal(429, "Too many concurrent requests");
    }
    return good;
  }

  FakeProvider& provider_;
  const Clock::time_point start_ = Clock::now();
  std::atomic<Mood> mood_{Mood::good};
  std::atomic<long> well_since_{-1'000'000};
  mutable std::mutex mutex_;
  std::map<long, int> minutes_;  // guarded by mutex_
};

// The observations of all clients.
class Tally {
 public:
  void count(const std::string& what) {
    const std::lock_guard lock(mutex_);
    ++seen_[what];
  }
  void fault(const std::string& what) {
    const std::lock_guard lock(mutex_);
    if (++faults_ <= 20) ADD_FAILURE() << what;
  }
  [[nodiscard]] int faults() const {
    const std::lock_guard lock(mutex_);
    return faults_;
  }
  [[nodiscard]] std::string told() const {
    const std::lock_guard lock(mutex_);
    std::string text;
    for (const auto& [what, times] : seen_) append(text, cat("  ", what, ": ", times, "\n"));
    return text;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, int> seen_;
  int faults_ = 0;
};

// One client: asks questions, most of them valid, and judges each answer.
class Visitor {
 public:
  Visitor(const std::vector<std::unique_ptr<Service>>& fleet, const Weather& weather, Tally& tally, std::uint64_t seed)
      : fleet_(fleet), weather_(weather), tally_(tally), random_(seed) {}

  void live(const std::atomic<bool>& stop) {
    while (!stop) {
      try {
        HttpClient client(port(), kRequestTimeout + kSlack);
        for (int left = 1 + below(random_, 200); left > 0 && !stop; --left) {
          if (!act(client)) break;
          std::this_thread::sleep_for(between(random_, 0, 30));
        }
      } catch (const std::exception& error) {
        tally_.fault(cat("a connection failed: ", error.what()));
      }
    }
  }

 private:
  std::uint16_t port() { return fleet_[static_cast<std::size_t>(below(random_, kProcesses))]->port(); }

  // Returns false at the end of the connection.
  bool act(HttpClient& client) {
    const int dice = below(random_, 100'000);
    // Low numbers are popular.
    const int place = std::min(below(random_, kPlaces), below(random_, kPlaces));
    const auto known = cat("/weather?lat=", place, ".5&lon=3");
    if (dice < 60'000) return ask(client, known, cat(place, ".5"));
    if (dice < 60'080)
      return ask(client, cat("/weather?lat=", place, ".25&lon=", below(random_, 17'999), "e-2"), cat(place, ".25"));
    if (dice < 70'000) return ask_mock(client, place, "");
    if (dice < 75'000) return ask_mock(client, place, "&cache=redis");
    if (dice < 77'000) return ask_mock(client, place, "&cache=off");
    if (dice < 79'000) return expect_status(client, "GET", "/stats", {200});
    if (dice < 81'000) return expect_status(client, "GET", "/metrics", {200});
    if (dice < 83'000) return expect_status(client, "GET", "/health/ready", {200});
    if (dice < 86'000) return expect_status(client, "GET", "/weather?lat=91&lon=x", {400});
    if (dice < 86'040) return purge(client, known);
    if (dice < 86'042) return purge(client, "/cache");
    if (dice < 90'000) return pipeline(client, known, cat(place, ".5"));
    if (dice < 93'000) return abort(client, known);
    if (dice < 94'000) return malformed(client);
    return ask(client, known, cat(place, ".5"));
  }

  bool ask(HttpClient& client, const std::string& target, const std::string& temperature) {
    const auto asked = weather_.since_start();
    judge(client.get(target), target, temperature, asked);
    return true;
  }

  void judge(const Answer& answer, const std::string& target, const std::string& temperature, milliseconds asked) {
    const std::string what = cat(target, " -> ", answer.status, " ", answer.header("Cache-Status"), " ", answer.body);
    tally_.count(cat(answer.status, " ", answer.header("X-Cache")));
    if (answer.took > kRequestTimeout + kSlack) tally_.fault(cat("late, ", answer.took.count(), " ms: ", what));
    if (answer.status != 200) {
      const bool budget = answer.status == 429 && answer.has("Retry-After");
      const bool provider = answer.status == 502 || answer.status == 503 || answer.status == 504;
      if (!is_json(answer.body)) tally_.fault(cat("not a problem document: ", what));
      if (!budget && (!provider || weather_.was_well_at(asked))) tally_.fault(cat("failed without a reason: ", what));
      return;
    }
    if (json_at(answer.body, "/current/temperature_2m") != temperature)
      tally_.fault(cat("the answer of another place: ", what));
    const auto age = seconds(std::atoi(answer.header("Age").c_str()));
    const auto made = milliseconds(std::llround(std::stod(json_at(answer.body, "/current/wind_speed_10m")) * 1000));
    const auto true_age = asked - made;
    if (age > kFresh + kStale + kKeep) tally_.fault(cat("too old: ", what));
    if (age > true_age + answer.took + kSlack || age + kSlack < true_age) {
      tally_.fault(cat("Age is ", age.count(), " s, but the answer is ", true_age.count(), " ms: ", what));
    }
  }

  bool ask_mock(HttpClient& client, int place, std::string_view mode) {
    const auto target = cat("/weather?lat=", place, ".5&lon=3&mock=true", mode);
    const Answer answer = client.get(target);
    tally_.count(cat("mock ", answer.status, " ", answer.header("X-Cache")));
    if (answer.status != 200 || json_at(answer.body, "/latitude") != cat(place, ".5") ||
        json_at(answer.body, "/current/temperature_2m") != "25.0") {
      tally_.fault(cat(target, " -> ", answer.status, " ", answer.body));
    }
    return true;
  }

  bool expect_status(HttpClient& client, std::string_view method, std::string_view target,
                     std::initializer_list<int> good, const Headers& headers = {}) {
    const Answer answer = client.request(method, target, headers);
    tally_.count(cat(method, " ", target.substr(0, target.find('?')), " ", answer.status));
    if (std::ranges::find(good, answer.status) == good.end()) {
      tally_.fault(cat(method, " ", target, " -> ", answer.status, " ", answer.body));
    }
    return true;
  }

  bool purge(HttpClient& client, std::string_view target) {
    // 503: Redis could not be reached.
    return expect_status(client, "DELETE", target, {204, 503}, {{"Authorization", cat("Bearer ", kToken)}});
  }

  bool pipeline(HttpClient& client, const std::string& target, const std::string& temperature) {
    constexpr int kDepth = 8;
    const auto asked = weather_.since_start();
    for (int i = 0; i < kDepth; ++i) client.send("GET", target);
    for (int i = 0; i < kDepth; ++i) judge(client.read(), target, temperature, asked);
    return true;
  }

  // Breaks off at some point of a request.
  bool abort(HttpClient& client, std::string_view target) {
    const std::string request = cat("GET ", target, " HTTP/1.1\r\nHost: x\r\n\r\n");
    client.send_raw(std::string_view(request).substr(
        0, static_cast<std::size_t>(below(random_, static_cast<int>(request.size()) + 1))));
    if (below(random_, 2) == 0) std::this_thread::sleep_for(between(random_, 0, 60));
    if (below(random_, 2) == 0) client.socket().reset();
    tally_.count("aborted");
    return false;
  }

  bool malformed(HttpClient& client) {
    client.send_raw("GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n");
    if (client.read().status != 413) tally_.fault("a body was accepted");
    tally_.count("malformed");
    return false;
  }

  const std::vector<std::unique_ptr<Service>>& fleet_;
  const Weather& weather_;
  Tally& tally_;
  Random random_;
};

// Causes one fault for a while, then another.
class Trouble {
 public:
  Trouble(RedisServer& redis, BlackHole& link, Weather& weather, Tally& tally, std::uint64_t seed)
      : redis_(redis), link_(link), weather_(weather), tally_(tally), random_(seed) {}

  // Minutes of the wall clock in which Redis may have lost its counters.
  std::vector<long> forgetful;

  void one() {
    const int dice = below(random_, 100);
    if (dice < 20) {
      const int mood = 1 + below(random_, Weather::kMoods - 1);
      tally_.count(cat("fault: provider ", mood));
      weather_.set(static_cast<Weather::Mood>(mood));
      last();
      weather_.set(Weather::Mood::good);
      return;
    }
    forgetful.push_back(minute());
    switch (below(random_, 10)) {
      case 0:
        tally_.count("fault: Redis killed");
        redis_.kill();
        last();
        redis_.start();
        break;
      case 1:
        tally_.count("fault: Redis frozen");
        redis_.freeze();
        last();
        redis_.thaw();
        break;
      case 2:
        tally_.count("fault: Redis slow");
        link_.delay(between(random_, 10, 150));
        last();
        link_.delay(milliseconds(0));
        break;
      case 3:
        tally_.count("fault: Redis resets");
        link_.reset_everything();
        last();
        link_.heal();
        break;
      case 4:
        tally_.count("fault: Redis is a black hole");
        link_.swallow_everything();
        last();
        link_.heal();
        break;
      case 5:
        tally_.count("fault: Redis flushed");
        redis_.command({"FLUSHALL"});
        break;
      case 6:
        tally_.count("fault: Redis lost its clients");
        redis_.command({"CLIENT", "KILL", "TYPE", "normal"});
        break;
      case 7:
        tally_.count("fault: Redis full");
        redis_.command({"CONFIG", "SET", "maxmemory", "1"});
        last();
        redis_.command({"CONFIG", "SET", "maxmemory", "0"});
        break;
      case 8:
        tally_.count("fault: Redis loading");
        link_.answer_commands("-LOADING Redis is loading the dataset in memory\r\n");
        last();
        link_.heal();
        break;
      default:
        tally_.count("fault: Redis talks garbage");
        link_.answer_commands("what?\r\n");
        last();
        link_.heal();
        break;
    }
    forgetful.push_back(minute());
  }
  void rest() { std::this_thread::sleep_for(between(random_, 200, 2500)); }

 private:
  void last() { std::this_thread::sleep_for(between(random_, 100, 3000)); }
  static long minute() {
    return std::chrono::duration_cast<std::chrono::minutes>(std::chrono::system_clock::now().time_since_epoch())
        .count();
  }

  RedisServer& redis_;
  BlackHole& link_;
  Weather& weather_;
  Tally& tally_;
  Random random_;
};

struct Held {
  std::size_t files = 0;
  std::size_t memory = 0;
};

Held held_by(const Service& service) {
  return {open_files(service), anonymous_bytes(service.process().pid())};
}

// Returns whether a place that nobody has asked for yet costs one call, although all processes are asked for it at
// once. The mock stands for the provider, whose minute may be used up.
bool one_call_for_all(const std::vector<std::unique_ptr<Service>>& fleet, int place) {
  const auto calls = [&] {
    int sum = 0;
    for (const auto& service : fleet) sum += std::stoi(json_at(service->get("/stats").body, "/mock/calls"));
    return sum;
  };
  const int before = calls();
  in_parallel(kProcesses, [&](std::size_t i) {
    for (int n = 0; n < 10; ++n) (void)fleet[i]->get(cat("/weather?lat=-", place, ".5&lon=3&mock=true"));
  });
  return calls() == before + 1;
}

TEST(Soak, EndsAsItBegan) {
  const seconds span(number_from("WX_SOAK_SECONDS", kUsualSeconds));
  const std::uint64_t seed = number_from("WX_SOAK_SEED", std::random_device{}());
  std::cout << "WX_SOAK_SECONDS=" << span.count() << " WX_SOAK_SEED=" << seed << '\n' << std::flush;

  RedisServer redis;
  BlackHole link(redis.port());
  FakeProvider provider;
  Weather weather(provider);
  Tally tally;
  std::vector<std::unique_ptr<Service>> fleet;
  for (std::size_t i = 0; i < kProcesses; ++i) {
    fleet.push_back(std::make_unique<Service>(Settings{{"REDIS_URL", cat("redis://127.0.0.1:", link.port())},
                                                       {"OPEN_METEO_URL", provider.url()},
                                                       {"ADMIN_TOKEN", std::string(kToken)},
                                                       {"CACHE_TTL", cat(kFresh.count(), "s")},
                                                       {"CACHE_STALE", cat(kStale.count(), "s")},
                                                       {"CACHE_KEEP", cat(kKeep.count(), "s")},
                                                       {"ERROR_TTL", "200ms"},
                                                       {"MEMORY_LIMIT", "1MiB"},
                                                       {"MOCK_DELAY", "20ms"},
                                                       {"MOCK_LOADS", "off"},
                                                       {"REQUEST_TIMEOUT", cat(kRequestTimeout.count(), "ms")},
                                                       {"UPSTREAM_TIMEOUT", "1s"},
                                                       {"UPSTREAM_CONCURRENCY", "4"},
                                                       {"UPSTREAM_LIMIT", cat(kCallsPerMinute, "/m")},
                                                       {"FLEET_SIZE", cat(kProcesses)},
                                                       {"THREADS", "2"},
                                                       {"LOG_FORMAT", "json"},
                                                       {"ASAN_OPTIONS", lean_sanitizer()}}));
  }
  Trouble trouble(redis, link, weather, tally, seed);
  std::atomic<bool> stop{false};
  std::vector<std::jthread> visitors;
  for (std::size_t i = 0; i < kClients; ++i) {
    visitors.emplace_back([&, i] { Visitor(fleet, weather, tally, seed * 1000 + i).live(stop); });
  }

  const auto begin = Clock::now();
  std::vector<Held> half;
  while (Clock::now() - begin < span) {
    trouble.rest();
    trouble.one();
    if (half.empty() && Clock::now() - begin > span / 2) {
      for (const auto& service : fleet) half.push_back(held_by(*service));
    }
  }
  // All faults have ended, and the services recover soon, still under load.
  std::this_thread::sleep_for(kAftermath);
  for (const auto& service : fleet) {
    const auto well = [](const Answer& stats) {
      return stats.body.contains(R"("state":"up","breaker":"closed","backplane":"listening")") &&
             stats.body.contains(R"("provider":{"breaker":"closed")");
    };
    const Answer stats = get_until(*service, "/stats", milliseconds(5000) * kSlowdown, well);
    EXPECT_TRUE(well(stats)) << stats.body;
    for (int place = 0; place < kPlaces; ++place) {
      const int status = service->get(cat("/weather?lat=", place, ".5&lon=3")).status;
      EXPECT_TRUE(status == 200 || status == 429) << status;
    }
  }
  stop = true;
  visitors.clear();

  for (std::size_t i = 0; i < fleet.size(); ++i) {
    const auto idle = [](const Answer& metrics) {
      return metrics.body.contains("weather_cache_cache_flights_active 0\n") &&
             metrics.body.contains("weather_cache_http_connections 1\n");
    };
    EXPECT_TRUE(idle(get_until(*fleet[i], "/metrics", milliseconds(10000) * kSlowdown, idle)))
        << "a flight or a connection is stuck";
    const Held now = held_by(*fleet[i]);
    std::cout << "process " << i << ": " << now.files << " files (" << half[i].files << " at half time, with clients), "
              << now.memory / 1024 << " KiB (" << half[i].memory / 1024 << " at half time)\n";
    // The rest are listeners, event loops, Redis, and the provider's kept connections.
    EXPECT_LE(now.files, 40U);
    if (span / 2 >= kMemorySettles) {
      EXPECT_LE(now.memory, half[i].memory + half[i].memory / 10 + kMemoryNoise);
    }
  }
  // The processes share loads again, as before the faults. A machine that stalls for a moment may cause one extra load.
  EXPECT_TRUE(one_call_for_all(fleet, 1) || one_call_for_all(fleet, 2) || one_call_for_all(fleet, 3));
  for (const auto& [minute, calls] : weather.minutes()) {
    // If the counters are lost within a minute, or cannot be read, each process knows only its own calls.
    const bool lost = std::ranges::find(trouble.forgetful, minute) != trouble.forgetful.end();
    EXPECT_LE(calls, kCallsPerMinute * (lost ? static_cast<int>(kProcesses) : 1));
    std::cout << "provider calls in a minute: " << calls << (lost ? " (Redis was in trouble)" : "") << '\n';
  }
  EXPECT_EQ(tally.faults(), 0) << "WX_SOAK_SEED=" << seed;
  std::cout << tally.told() << std::flush;
}

}  // namespace
}  // namespace wx::test
