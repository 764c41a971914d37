// The program under test, run as its users run it: a child process on a port of its own.
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

// How much longer things may take where the program is slowed down by a sanitizer: bounds that are not the point of a
// test are multiplied by it, and so are those of the few tests about time.
inline constexpr int kSlowdown = WX_FLOW_SLOWDOWN;

// Settings as environment variables. PORT=0 and ADDRESS=127.0.0.1 unless given. Above LOG_LEVEL=info a service does not
// say where it listens: then PORT must be given.
using Settings = Process::Environment;

// REDIS_URL for `redis`, and a deadline that a busy machine does not miss: for tests in which it is not the point.
[[nodiscard]] Settings patient(const RedisServer& redis, Settings more = {});

// The program without any setting of ours, for those who look at how it starts.
[[nodiscard]] std::unique_ptr<Process> run_program(const Settings& settings,
                                                   const std::vector<std::string>& arguments = {});

// The same, but with no more than so many open files allowed.
[[nodiscard]] std::unique_ptr<Process> run_with_files(int files, const Settings& settings);

// ASAN_OPTIONS for a service whose memory is measured: the sanitizer's quarantine of freed memory is not the service's.
[[nodiscard]] std::string lean_sanitizer();

// A running service. The constructor returns once it listens and throws std::runtime_error with what it printed if it
// does not come to that. The destructor stops it by SIGTERM and fails the test unless it ends with exit code 0 (which
// a sanitizer's finding changes).
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

  // Over a connection of its own.
  [[nodiscard]] Answer get(std::string_view target, const Headers& headers = {}) const {
    return http_get(port_, target, headers);
  }

  // SIGTERM, and the exit code; once.
  int stop();
  // SIGKILL; nothing is expected of the exit code. The last thing to do with a service.
  void kill();

 private:
  void wait_for_port(const std::string& port);

  std::unique_ptr<Process> process_;
  std::string start_line_;
  std::uint16_t port_ = 0;
};

// Asks again and again until `good` says yes to an answer, and gives that one; or the last one after `timeout`.
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
