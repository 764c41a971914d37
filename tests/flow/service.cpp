#include "flow/service.hpp"

#include <csignal>
#include <cstdlib>
#include <regex>
#include <stdexcept>

#include <gtest/gtest.h>

#include "base/text.hpp"
#include "support/movable_clock.hpp"

namespace wx::test {
namespace {

// The time from SIGTERM to the end: the default of DRAIN_TIMEOUT, and time to clean up.
constexpr milliseconds kEnd{12000 * kSlowdown};

}  // namespace

Settings patient(const RedisServer& redis, Settings more) {
  more.try_emplace("REDIS_URL", redis.url());
  more.try_emplace("REDIS_TIMEOUT", "5s");
  return more;
}

std::unique_ptr<Process> run_program(const Settings& settings, const std::vector<std::string>& arguments) {
  const bool movable = settings.contains(std::string(kClockFile));
  return std::make_unique<Process>(movable ? WX_FLOW_MOVABLE : WX_FLOW_PROGRAM, arguments, settings);
}

std::unique_ptr<Process> run_with_files(int files, const Settings& settings) {
  const std::vector<std::string> arguments{"-c", cat("ulimit -n ", files, " && exec \"$0\""), WX_FLOW_PROGRAM};
  return std::make_unique<Process>("sh", arguments, settings);
}

std::unique_ptr<Process> run_with_log(const std::string& path, const Settings& settings) {
  const std::vector<std::string> arguments{"-c", cat("exec \"$0\" 2>\"", path, "\""), WX_FLOW_PROGRAM};
  return std::make_unique<Process>("sh", arguments, settings);
}

std::string lean_sanitizer() {
  const char* own = std::getenv("ASAN_OPTIONS");  // NOLINT(concurrency-mt-unsafe): no thread changes the environment
  return cat(own == nullptr ? "" : own, ":quarantine_size_mb=8");
}

Service::Service(Settings settings) {
  settings.try_emplace("PORT", "0");
  settings.try_emplace("ADDRESS", "127.0.0.1");
  process_ = run_program(settings);
  if (const auto level = settings.find("LOG_LEVEL");
      level != settings.end() && (level->second == "warn" || level->second == "error")) {
    wait_for_port(settings.at("PORT"));
    return;
  }
  const auto line = process_->wait_for_line("http://", milliseconds(15000 * kSlowdown));
  if (!line) throw std::runtime_error(cat("the service does not start:\n", process_->output()));
  start_line_ = *line;
  const std::regex url(R"(http://[^/:"\s]+:(\d+))");
  std::smatch match;
  if (!std::regex_search(start_line_, match, url)) throw std::runtime_error(cat("no URL in: ", start_line_));
  port_ = static_cast<std::uint16_t>(std::stoi(match[1]));
}

void Service::wait_for_port(const std::string& port) {
  port_ = static_cast<std::uint16_t>(std::stoi(port));
  for (const auto end = std::chrono::steady_clock::now() + kEnd; process_->running();) {
    try {
      (void)http_get(port_, "/health/live");
      return;
    } catch (const SocketError&) {
      if (std::chrono::steady_clock::now() > end) break;
      std::this_thread::sleep_for(milliseconds(10));
    }
  }
  throw std::runtime_error(cat("the service does not start:\n", process_->output()));
}

Service::~Service() {
  if (!process_) return;
  EXPECT_EQ(stop(), 0) << process_->output();
  // Shows the service's log beside a failure.
  if (testing::Test::HasFailure()) std::fputs(cat("--- the service's log ---\n", log(), "---\n").c_str(), stderr);
}

void Service::kill() {
  process_->kill();
  process_.reset();
}

int Service::stop() {
  process_->signal(SIGTERM);
  const auto code = process_->wait(kEnd);
  if (!code) process_->kill();
  return code.value_or(-1);
}

double metric(const Service& service, std::string_view name) {
  const std::string text = service.get("/metrics").body;
  const std::string line = cat("\n", name, " ");
  const auto at = text.find(line);
  if (at == std::string::npos) throw std::runtime_error(cat("no ", name, " in: ", text));
  return std::stod(text.substr(at + line.size()));
}

std::size_t open_files(const Service& service) {
  return static_cast<std::size_t>(metric(service, "process_open_fds"));
}

}  // namespace wx::test
