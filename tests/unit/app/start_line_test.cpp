// What the service says once it listens.
#include "app/start_line.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/memory_log.hpp"

namespace wx::app {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

Options options_of(config::Settings settings = {}) {
  settings.max_connections = 10;  // the limit of open files allows as many
  auto options = make_options(settings);
  options.endpoints.version = "1.2.3";
  return options;
}

TEST(StartLine, IsShortOnATerminal) {
  EXPECT_EQ(terminal_line(options_of(), 8080, std::nullopt),
            "weather-cache 1.2.3   http://localhost:8080   memory only   Ctrl-C ends it");
  EXPECT_EQ(terminal_line(options_of(), 8080, "192.168.1.5"),
            "weather-cache 1.2.3   http://localhost:8080   http://192.168.1.5:8080   memory only   Ctrl-C ends it");
}

TEST(StartLine, NamesTheAddressAndTheTiers) {
  config::Settings settings;
  settings.address = "::1";
  settings.redis_url = *redis::parse_url("redis://user:secret@localhost:7000");
  EXPECT_EQ(
      terminal_line(options_of(settings), 81, std::nullopt),
      "weather-cache 1.2.3   http://[::1]:81   memory, then Redis at redis://user@localhost:7000   Ctrl-C ends it");
}

TEST(StartLine, SaysThatThereAreFewConnectionsOnlyIfTheyAreVeryFew) {
  auto options = options_of();
  options.server.max_connections = 20'000;
  options.server.budget = std::make_shared<http_server::ConnectionBudget>(768);
  EXPECT_THAT(terminal_line(options, 8080, std::nullopt), Not(HasSubstr("connections")));
  options.server.budget = std::make_shared<http_server::ConnectionBudget>(40);
  EXPECT_THAT(terminal_line(options, 8080, std::nullopt), HasSubstr("   only 40 connections: see ulimit -n   "));
}

TEST(StartLine, IsAFullLogLineWhereThereIsNoTerminal) {
  test::MemoryLog log;
  log.least = observability::LogLevel::info;
  log_start(options_of(), 8080, log);
  EXPECT_THAT(log.text(), HasSubstr("app: listening on http://localhost:8080 (memory only) version=1.2.3 "));
  EXPECT_THAT(log.text(), HasSubstr(" max_connections=10"));
}

TEST(StartLine, LeavesItsDetailsToTheDebugLevelOnATerminal) {
  auto options = options_of();
  options.terminal = true;
  test::MemoryLog log;
  log.least = observability::LogLevel::info;
  testing::internal::CaptureStderr();
  log_start(options, 8080, log);
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("weather-cache 1.2.3   http://localhost:8080   "));
  EXPECT_THAT(log.text(), IsEmpty());

  log.least = observability::LogLevel::debug;
  testing::internal::CaptureStderr();
  log_start(options, 8080, log);
  testing::internal::GetCapturedStderr();
  EXPECT_THAT(log.text(), HasSubstr("listening on http://localhost:8080"));

  log.least = observability::LogLevel::warn;
  testing::internal::CaptureStderr();
  log_start(options, 8080, log);
  EXPECT_THAT(testing::internal::GetCapturedStderr(), IsEmpty());
}

}  // namespace
}  // namespace wx::app
