// How the program starts, refuses to start, and stops.
#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <regex>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include "base/text.hpp"
#include "flow/service.hpp"
#include "flow/weather.hpp"
#include "support/fake_provider.hpp"
#include "support/free_port.hpp"
#include "support/redis_server.hpp"
#include "support/waiting.hpp"

namespace wx::test {
namespace {

constexpr milliseconds kSoon{10000 * kSlowdown};

TEST(Start, NamesItsUrlAndSaysThatItHasMemoryOnly) {
  const Service service;
  EXPECT_TRUE(service.start_line().contains(cat("http://127.0.0.1:", service.port()))) << service.start_line();
  EXPECT_TRUE(service.start_line().contains("memory only")) << service.start_line();
  EXPECT_EQ(service.get("/health/live").status, 200);
}

TEST(Start, SaysWhereItsRedisIs) {
  const RedisServer redis;
  const Service service({{"REDIS_URL", redis.url()}});
  EXPECT_TRUE(service.start_line().contains("Redis")) << service.start_line();
  EXPECT_TRUE(service.start_line().contains(cat("127.0.0.1:", redis.port()))) << service.start_line();
}

TEST(Start, PrintsOneLineOfTextOrOfJson) {
  const Service text({{"LOG_FORMAT", "text"}});
  EXPECT_FALSE(text.start_line().starts_with("{")) << text.start_line();
  EXPECT_EQ(text.log().find('\n') + 1, text.log().size()) << text.log();

  const Service json({{"LOG_FORMAT", "json"}});
  EXPECT_TRUE(is_json(json.start_line())) << json.start_line();
}

// The other end of a terminal, as a terminal emulator has it.
class Terminal {
 public:
  Terminal() : master_(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) {
    std::array<char, 64> name{};
    if (master_ < 0 || ::grantpt(master_) != 0 || ::unlockpt(master_) != 0 ||
        ::ptsname_r(master_, name.data(), name.size()) != 0) {
      throw std::runtime_error("cannot make a terminal");
    }
    path_ = name.data();
  }
  ~Terminal() { ::close(master_); }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }

  // What was printed, once it has `lines` lines, or after `timeout`.
  [[nodiscard]] std::string printed(long lines, milliseconds timeout) {
    const auto end = std::chrono::steady_clock::now() + timeout;
    while (std::ranges::count(printed_, '\n') < lines && std::chrono::steady_clock::now() < end) {
      pollfd poll{master_, POLLIN, 0};
      if (::poll(&poll, 1, 20) <= 0 || (poll.revents & POLLIN) == 0) continue;
      std::array<char, 4096> buffer{};
      const auto got = ::read(master_, buffer.data(), buffer.size());
      if (got > 0) printed_.append(buffer.data(), static_cast<std::size_t>(got));
    }
    return printed_;
  }

 private:
  int master_;
  std::string path_;
  std::string printed_;
};

TEST(Start, PrintsOneShortLineOnATerminal) {
  Terminal terminal;
  const auto port = free_port();
  const auto program = run_with_log(terminal.path(), {{"PORT", cat(port)}, {"ADDRESS", "127.0.0.1"}});
  const auto first = terminal.printed(1, kSoon);
  const std::regex line(
      cat("weather-cache [0-9.]+   http://127\\.0\\.0\\.1:", port, "   memory only   Ctrl-C ends it\r\n"));
  EXPECT_TRUE(std::regex_match(first, line)) << first;
  EXPECT_EQ(http_get(port, "/health/live").status, 200);
  program->signal(SIGINT);
  EXPECT_EQ(program->wait(kSoon), 0);
  EXPECT_TRUE(terminal.printed(3, kSoon).contains("stopped")) << terminal.printed(3, kSoon);
}

TEST(Start, LogsItsDetailsOnATerminalIfItIsToDebug) {
  Terminal terminal;
  const auto program = run_with_log(terminal.path(), {{"PORT", "0"}, {"ADDRESS", "127.0.0.1"}, {"LOG_LEVEL", "debug"}});
  const auto printed = terminal.printed(2, kSoon);
  EXPECT_TRUE(printed.contains("Ctrl-C ends it")) << printed;
  EXPECT_TRUE(printed.contains("max_connections=")) << printed;
}

TEST(Start, ServesWithAConfiguredRedisThatIsNotThere) {
  const Service service({{"REDIS_URL", "redis://127.0.0.1:1"}, {"MOCK_DELAY", "10ms"}});
  EXPECT_EQ(service.get(kMock).status, 200);
  EXPECT_EQ(service.get(kMock).header("X-Cache"), "HIT");
  EXPECT_EQ(service.get("/health/ready").status, 200);
}

TEST(Start, SaysThatAPortIsInUseAndWhatToDo) {
  const Service first;
  const auto second = run_program({{"PORT", cat(first.port())}, {"ADDRESS", "127.0.0.1"}});
  const auto code = second->wait(kSoon);
  ASSERT_TRUE(code.has_value()) << "two services share one port";
  EXPECT_NE(*code, 0);
  const std::string said = second->output();
  EXPECT_TRUE(said.contains(cat("port ", first.port(), " is in use; try PORT=", first.port() + 1))) << said;
  EXPECT_EQ(first.get("/health/live").status, 200);
}

TEST(Start, NamesAllMistakesAtOnceAndEndsWithTwo) {
  const auto program = run_program({{"PORT", "eighty"}, {"MOCK_DELAY", "slow"}, {"REDIS_URL", "localhost"}},
                                   {"--no-such-flag", "--cache-ttl=-1s"});
  EXPECT_EQ(program->wait(kSoon), 2);
  const std::string said = program->output();
  for (const auto* word : {"PORT", "MOCK_DELAY", "REDIS_URL", "no-such-flag", "cache-ttl"}) {
    EXPECT_TRUE(said.contains(word)) << word << " in:\n" << said;
  }
}

TEST(Start, NamesAnUnknownKeyOfTheRedisUrlWithoutItsPassword) {
  const auto program = run_program({{"PORT", "0"}, {"REDIS_URL", "redis://:hunter2@localhost?passwort=hunter3"}});
  EXPECT_EQ(program->wait(kSoon), 2);
  const std::string said = program->output();
  EXPECT_TRUE(said.contains("REDIS_URL")) << said;
  EXPECT_TRUE(said.contains("password")) << "the nearest known key, in:\n" << said;
  EXPECT_FALSE(said.contains("hunter")) << said;
}

TEST(Start, PrintsHelpVersionAndSettings) {
  const auto help = run_program({}, {"--help"});
  EXPECT_EQ(help->wait(kSoon), 0);
  EXPECT_TRUE(help->standard_output().contains("--redis-url")) << help->output();

  const auto version = run_program({}, {"--version"});
  EXPECT_EQ(version->wait(kSoon), 0);
  EXPECT_TRUE(version->standard_output().contains("weather-cache")) << version->output();

  const auto settings = run_program({{"REDIS_URL", "redis://user:hunter2@localhost:7000/3"}, {"MOCK_DELAY", "70ms"}},
                                    {"--check-config", "--mock-delay", "80ms"});
  EXPECT_EQ(settings->wait(kSoon), 0);
  const std::string said = settings->standard_output();
  EXPECT_TRUE(said.contains("80ms")) << "a flag has precedence over the environment: " << said;
  EXPECT_TRUE(said.contains("localhost:7000")) << said;
  EXPECT_FALSE(said.contains("hunter2")) << said;
}

TEST(Stop, EndsWithZeroOnCtrlC) {
  Service service;
  EXPECT_EQ(service.get("/").status, 200);
  service.process().signal(SIGINT);
  EXPECT_EQ(service.process().wait(kSoon), 0);
}

TEST(Stop, ClosesIdleConnectionsAtOnce) {
  Service service;
  HttpClient idle(service.port());
  EXPECT_EQ(idle.get("/health/live").status, 200);
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(service.stop(), 0);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(4 * kSlowdown)) << "it waits for no client";
  EXPECT_TRUE(idle.closed_by_server());
}

TEST(Stop, AnswersAHundredSlowRequestsAndRefusesNewConnections) {
  constexpr std::size_t kClients = 100;
  FakeProvider provider;
  provider.script([](const ProviderRequest& request) {
    ProviderReply reply = weather_reply(request);
    reply.delay = milliseconds(2000);
    return reply;
  });
  Service service({{"OPEN_METEO_URL", provider.url()}, {"UPSTREAM_CONCURRENCY", cat(kClients)}});
  std::vector<HttpClient> clients;
  for (std::size_t i = 0; i < kClients; ++i) {
    clients.emplace_back(service.port(), milliseconds(20000));
    clients.back().send("GET", cat("/weather?lat=10&lon=", i));
  }
  ASSERT_TRUE(provider.wait_for_running(kClients));
  service.process().signal(SIGTERM);

  const auto refused = [&] {
    try {
      (void)Socket::connect(service.port(), milliseconds(1000));
      return false;
    } catch (const SocketError&) {
      return true;
    }
  };
  EXPECT_TRUE(eventually(refused, milliseconds(1500)));
  EXPECT_TRUE(service.process().running()) << "a hundred clients still wait";

  for (auto& client : clients) {
    const Answer answer = client.read();
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(answer.header("Connection"), "close");
    EXPECT_TRUE(client.closed_by_server());
  }
  EXPECT_EQ(service.process().wait(milliseconds(8000 * kSlowdown)), 0);
}

TEST(Stop, IsNotReadyButServesDuringTheDrainDelay) {
  Service service({{"DRAIN_DELAY", "1s"}, {"MOCK_DELAY", "10ms"}});
  EXPECT_EQ(service.get("/health/ready").status, 200);
  service.process().signal(SIGTERM);
  const Answer ready =
      get_until(service, "/health/ready", milliseconds(900), [](const Answer& answer) { return answer.status == 503; });
  EXPECT_EQ(ready.status, 503);
  EXPECT_EQ(service.get("/health/live").status, 200);
  EXPECT_EQ(service.get(kMock).status, 200);
  EXPECT_EQ(service.process().wait(kSoon), 0);
}

TEST(Stop, GivesUpOnWhatDoesNotFinishWithinTheDrainTimeout) {
  FakeProvider provider;
  provider.always(never());
  Service service({{"OPEN_METEO_URL", provider.url()},
                   {"UPSTREAM_TIMEOUT", "60s"},
                   {"REQUEST_TIMEOUT", "60s"},
                   {"DRAIN_TIMEOUT", "500ms"}});
  HttpClient client(service.port());
  client.send("GET", kReal);
  ASSERT_TRUE(provider.wait_for_running(1));
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(service.stop(), 1) << "a client got no answer";
  const auto took = std::chrono::steady_clock::now() - begin;
  EXPECT_GE(took, milliseconds(450));
  EXPECT_LT(took, milliseconds(3000 * kSlowdown));
  service.kill();
}

TEST(Stop, EndsAtOnceOnASecondSignal) {
  FakeProvider provider;
  provider.always(never());
  Service service({{"OPEN_METEO_URL", provider.url()},
                   {"UPSTREAM_TIMEOUT", "60s"},
                   {"REQUEST_TIMEOUT", "60s"},
                   {"DRAIN_TIMEOUT", "60s"}});
  HttpClient client(service.port());
  client.send("GET", kReal);
  ASSERT_TRUE(provider.wait_for_running(1));
  service.process().signal(SIGTERM);
  EXPECT_EQ(service.process().wait(milliseconds(300)), std::nullopt)
      << "after one signal it waits for the running requests";
  service.process().signal(SIGTERM);
  EXPECT_TRUE(service.process().wait(milliseconds(3000 * kSlowdown)).has_value());
  service.kill();
}

}  // namespace
}  // namespace wx::test
