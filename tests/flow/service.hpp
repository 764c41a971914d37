// The program under test, run as its users run it: a child process that listens on its own port.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "support/http_client.hpp"
#include "support/process.hpp"
#include "support/redis_server.hpp"

namespace wx::test {

// How much slower the program is with a sanitizer. Time limits that are not the subject of a test are multiplied by it,
// and so are those of the few tests of time.
inline constexpr int kSlowdown = WX_FLOW_SLOWDOWN;

// Settings as environment variables. With ClockControl::setting() among them (support/movable_clock.hpp), the program
// is the one whose clock the test can move. The defaults are PORT=0 and ADDRESS=127.0.0.1. Above LOG_LEVEL=info a
// service does not log its port, so PORT must be given.
using Settings = Process::Environment;

// REDIS_URL for `redis`, and a deadline that a busy machine does not miss, for tests whose subject is not the deadline.
[[nodiscard]] Settings patient(const RedisServer& redis, Settings more = {});

// Runs the program without default settings, for tests of its start.
[[nodiscard]] std::unique_ptr<Process> run_program(const Settings& settings,
                                                   const std::vector<std::string>& arguments = {});

// The same with a limit of open files.
[[nodiscard]] std::unique_ptr<Process> run_with_files(int files, const Settings& settings);

// The same with standard error, and so the log, in an existing file or FIFO.
[[nodiscard]] std::unique_ptr<Process> run_with_log(const std::string& path, const Settings& settings);

// ASAN_OPTIONS for a service whose memory is measured. They keep the sanitizer's quarantine of freed memory small.
[[nodiscard]] std::string lean_sanitizer();

// A running service. The constructor returns once it listens, and throws std::runtime_error with its output if it does
// not start. The destructor sends SIGTERM and fails the test unless the exit code is 0 (a sanitizer's finding changes
// it).
// Thread-safety: get() and the other const members may be called from any thread.
class Service {
 public:
  explicit Service(Settings settings = {});
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;
  ~Service();

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string start_line() const { return start_line_; }
  [[nodiscard]] std::string log() const { return process_->output(); }
  [[nodiscard]] Process& process() const { return *process_; }

  // Sends the request over a new connection.
  [[nodiscard]] Answer get(std::string_view target, const Headers& headers = {}) const {
    return http_get(port_, target, headers);
  }

  // Sends SIGTERM and returns the exit code. Call it once.
  int stop();
  // Sends SIGKILL and accepts any exit code. The service cannot be used afterwards.
  void kill();

 private:
  void wait_for_port(const std::string& port);

  std::unique_ptr<Process> process_;
  std::string start_line_;
  std::uint16_t port_ = 0;
};

// The value of a metric without labels. Throws std::runtime_error if the service does not tell it.
[[nodiscard]] double metric(const Service& service, std::string_view name);

// How many files the service has open, the connection of this question among them.
[[nodiscard]] std::size_t open_files(const Service& service);

// Repeats the request until `good` accepts the answer, and returns that answer, or the last one after `timeout`.
template <class Good>
[[nodiscard]] Answer get_until(const Service& service, std::string_view target, milliseconds timeout, Good good) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  while (true) {
    Answer answer = service.get(target);
    if (good(answer) || std::chrono::steady_clock::now() > deadline) return answer;
    std::this_thread::sleep_for(milliseconds(10));
  }
}

}  // namespace wx::test
