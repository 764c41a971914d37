// The lines that the log must have, and the texts that it must never have.
#include <sstream>

#include <gtest/gtest.h>

#include "base/text.hpp"
#include "flow/service.hpp"
#include "flow/weather.hpp"
#include "support/black_hole.hpp"
#include "support/fake_provider.hpp"
#include "support/free_port.hpp"
#include "support/redis_server.hpp"

namespace wx::test {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::stringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

// --- the trace of a request ---

std::string trace_id(std::size_t number) {
  const auto digits = cat(number);
  return cat(std::string(32 - digits.size(), 'a'), digits);
}

TEST(GcpLog, EachLineParsesAndEachRequestsLineCarriesItsTrace) {
  FakeProvider provider;
  provider.always(json_reply(500, "{}"));
  const Service service({{"LOG_FORMAT", "gcp"},
                         {"LOG_LEVEL", "debug"},
                         {"GOOGLE_CLOUD_PROJECT", "my-project"},
                         {"OPEN_METEO_URL", provider.url()},
                         {"MOCK_DELAY", "1ms"}});
  struct Case {
    std::string_view method;
    std::string_view target;
    std::string_view severity;
  };
  const Case cases[] = {
      {"GET", kMock, "DEBUG"},
      {"GET", kMock, "DEBUG"},
      {"GET", "/", "DEBUG"},
      {"HEAD", "/stats", "DEBUG"},
      {"GET", kReal, "WARNING"},
      {"GET", "/weather?lat=x", "INFO"},
      {"GET", "/\"nowhere\"", "INFO"},
      {"DELETE", kMock, "INFO"},
      {"POST", "/lab/stampede?n=0", "INFO"},
      {"GET", "/metrics", "DEBUG"},
      {"POST", "/lab/stampede?n=2", "DEBUG"},
  };
  std::size_t number = 0;
  for (const auto& [method, target, severity] : cases) {
    SCOPED_TRACE(target);
    const auto trace = trace_id(++number);
    const auto sent = cat("00-", trace, "-00f067aa0ba902b7-01");
    const Answer answer = HttpClient(service.port()).request(method, target, {{"traceparent", sent}});
    EXPECT_EQ(answer.header("traceparent"), sent);
    const auto line = service.process().wait_for_line(cat("projects/my-project/traces/", trace), milliseconds(5000));
    ASSERT_TRUE(line);
    EXPECT_EQ(json_at(*line, "/logging.googleapis.com~1trace"), cat("projects/my-project/traces/", trace));
    EXPECT_EQ(json_at(*line, "/logging.googleapis.com~1spanId"), "00f067aa0ba902b7");
    EXPECT_EQ(json_at(*line, "/logging.googleapis.com~1trace_sampled"), "true");
    EXPECT_EQ(json_at(*line, "/request_id"), answer.header("X-Request-Id"));
    EXPECT_EQ(json_at(*line, "/severity"), severity);
    EXPECT_EQ(json_at(*line, "/httpRequest/status"), cat(answer.status));
    EXPECT_EQ(json_at(*line, "/httpRequest/requestMethod"), method);
    EXPECT_EQ(json_at(*line, "/httpRequest/remoteIp"), "127.0.0.1");
    EXPECT_EQ(json_at(*line, "/httpRequest/cacheHit"),
              !answer.has("X-Cache") ? "" : (answer.header("X-Cache") == "HIT" ? "true" : "false"));
    // The location of a client is private. The time comes first in a line, and may contain these digits.
    EXPECT_FALSE(line->substr(line->find("\"severity\"")).contains("13.41")) << *line;
  }
  for (const auto& line : lines_of(service.log())) EXPECT_TRUE(is_json(line)) << line;
}

TEST(Log, OfAFloodOfHitsHasAFewLinesAtDebugAndNoneAtInfo) {
  for (const auto* level : {"debug", "info"}) {
    const Service service({{"LOG_LEVEL", level}, {"THREADS", "1"}, {"MOCK_DELAY", "1ms"}, {"CACHE_TTL", "1h"}});
    (void)service.get(kMock);
    const auto before = lines_of(service.log()).size();
    HttpClient client(service.port());
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < 1000; ++i) ASSERT_EQ(client.get(kMock).header("X-Cache"), "HIT");
    const auto seconds = (std::chrono::steady_clock::now() - begin) / std::chrono::seconds(1);
    const auto more = lines_of(service.log()).size() - before;
    EXPECT_LE(more, std::string_view(level) == "info" ? 0 : 12 + static_cast<std::size_t>(seconds)) << service.log();
  }
}

// --- texts that no line may have ---

constexpr std::string_view kPassword = "pa55-w0rd-of-redis";
constexpr std::string_view kApiKey = "k3y-of-the-provider";
constexpr std::string_view kToken = "t0ken-of-the-admin";

// The same service at each log level, and one that logs JSON.
class Talkers {
 public:
  explicit Talkers(Settings settings) {
    settings.try_emplace("ADMIN_TOKEN", kToken);
    settings.try_emplace("OPEN_METEO_API_KEY", kApiKey);
    settings.try_emplace("OPEN_METEO_URL", "http://127.0.0.1:1");
    settings.try_emplace("MOCK_DELAY", "1ms");
    settings.try_emplace("REDIS_TIMEOUT", "50ms");
    settings.try_emplace("THREADS", "1");
    settings.try_emplace("LOG_FORMAT", "text");
    for (const auto* level : {"debug", "info", "warn", "error"}) start(settings, level);
    settings["LOG_FORMAT"] = "gcp";
    start(settings, "debug");
  }
  ~Talkers() {
    for (const auto& service : services_) {
      service->process().signal(SIGTERM);
      EXPECT_EQ(service->process().wait(milliseconds(20000 * kSlowdown)), 0);
      const auto log = service->log();
      for (const auto secret : {kPassword, kApiKey, kToken}) EXPECT_FALSE(log.contains(secret)) << log;
    }
  }
  Talkers(const Talkers&) = delete;
  Talkers& operator=(const Talkers&) = delete;

  // Sends every request that might make the service log a secret, until the most verbose service has logged `what`.
  void talk_until(std::string_view what) {
    const auto end = std::chrono::steady_clock::now() + milliseconds(10000 * kSlowdown);
    do {
      talk();
    } while (!services_.front()->log().contains(what) && std::chrono::steady_clock::now() < end);
    EXPECT_TRUE(services_.front()->log().contains(what)) << what << " is not in:\n" << services_.front()->log();
  }

  void talk() {
    ++place_;
    for (const auto& service : services_) {
      for (const auto& target :
           {cat("/weather?lat=", place_ % 90, "&lon=1"),
            cat("/weather?lat=", place_ % 90, "&lon=1&mock=true&cache=redis"), std::string("/stats"),
            std::string("/metrics"), std::string("/health/ready"), std::string("/weather?lat=x")}) {
        const Answer answer = service->get(target, {{"Authorization", cat("Bearer ", kToken)}});
        std::string all = answer.body;
        for (const auto& [name, value] : answer.headers) append(all, cat(name, value));
        for (const auto secret : {kPassword, kApiKey, kToken}) EXPECT_FALSE(all.contains(secret)) << target << all;
      }
      HttpClient(service->port()).request("DELETE", "/cache", {{"Authorization", cat("Bearer ", kToken)}});
    }
  }

 private:
  void start(Settings& settings, const char* level) {
    settings["LOG_LEVEL"] = level;
    // Above `info` the log does not contain the port.
    settings["PORT"] = cat(free_port());
    services_.push_back(std::make_unique<Service>(settings));
  }

  std::vector<std::unique_ptr<Service>> services_;
  int place_ = 0;
};

std::string with_password(std::string_view scheme, std::string_view host, std::uint16_t port) {
  return cat(scheme, "://default:", kPassword, "@", host, ":", port);
}

TEST(Secrets, AreNotToldWhenRedisRefusesThePassword) {
  const RedisServer redis({.password = "another"});
  Talkers talkers({{"REDIS_URL", with_password("redis", "127.0.0.1", redis.port())}});
  talkers.talk_until("cannot be used");
}

TEST(Secrets, AreNotToldWhenRedisIsKilledFrozenOrFull) {
  RedisServer redis({.password = std::string(kPassword)});
  Talkers talkers({{"REDIS_URL", with_password("redis", "127.0.0.1", redis.port())}});
  talkers.talk_until("connected");
  redis.command({"CONFIG", "SET", "maxmemory", "1"});
  talkers.talk();
  redis.freeze();
  talkers.talk_until("breaker open");
  redis.thaw();
  redis.kill();
  talkers.talk_until("cannot be used");
}

TEST(Secrets, AreNotToldWhenNobodyIsThere) {
  Talkers talkers({{"REDIS_URL", with_password("redis", "127.0.0.1", free_port())}});
  talkers.talk_until("cannot be used");
}

TEST(Secrets, AreNotToldWhenTheHostHasNoAddress) {
  Talkers talkers({{"REDIS_URL", with_password("redis", "no-such-host.invalid", 6379)}});
  talkers.talk_until("cannot be used");
}

TEST(Secrets, AreNotToldWhenRedisIsABlackHole) {
  const RedisServer redis({.password = std::string(kPassword)});
  BlackHole link(redis.port());
  link.swallow_everything();
  Talkers talkers({{"REDIS_URL", with_password("redis", "127.0.0.1", link.port())}});
  talkers.talk_until("cannot be used");
}

TEST(Secrets, AreNotToldWhenTheCertificateIsNotTrustedOrThereIsNone) {
  CertificateAuthority ours;
  CertificateAuthority another;
  const RedisServer redis({.password = std::string(kPassword), .tls = another.issue({"localhost"})});
  {
    Talkers talkers(
        {{"REDIS_URL", with_password("rediss", "localhost", redis.port())}, {"REDIS_CA_FILE", ours.file()}});
    talkers.talk_until("cannot be used");
  }
  Talkers talkers({{"REDIS_URL", with_password("redis", "localhost", redis.port())}});
  talkers.talk_until("cannot be used");
}

TEST(Secrets, AreNotToldWhenTheProviderFailsInAnyWay) {
  FakeProvider provider;
  Talkers talkers({{"OPEN_METEO_URL", provider.url()}, {"UPSTREAM_TIMEOUT", "100ms"}, {"ERROR_TTL", "1ms"}});
  provider.always(refusal(401, "The supplied API key is invalid"));
  talkers.talk_until("a provider call failed");
  // Even when the provider repeats the request in its answer.
  provider.always(refusal(400, cat("Parameter 'apikey' is wrong: ", kApiKey)));
  talkers.talk();
  provider.always(refusal(429, "Minutely API request limit exceeded. Please try again in one minute."));
  talkers.talk();
  provider.always(html_reply(502, cat("<p>", kApiKey)));
  talkers.talk();
  provider.always(never());
  talkers.talk();
  provider.always(connection_reset());
  talkers.talk();
  provider.shut();
  talkers.talk();
}

TEST(Secrets, AreNotToldWhenTheSettingsAreWrong) {
  const auto url = with_password("redis", "localhost", 6379);
  for (const auto& settings :
       {Settings{{"REDIS_URL", cat(url, "/what")}}, Settings{{"REDIS_URL", cat(url, "?x=y")}},
        Settings{{"REDIS_URL", cat("http://", kPassword, "@localhost")}},
        Settings{{"OPEN_METEO_API_KEY", cat(kApiKey, " ")}}, Settings{{"ADMIN_TOKEN", cat(kToken, " ")}},
        Settings{{"OPEN_METEO_URL", cat("http://", kPassword, "@localhost")}}}) {
    const auto process = run_program(settings);
    EXPECT_EQ(process->wait(milliseconds(10000 * kSlowdown)), 2);
    const auto said = process->output();
    for (const auto secret : {kPassword, kApiKey, kToken}) EXPECT_FALSE(said.contains(secret)) << said;
  }
}

}  // namespace
}  // namespace wx::test
