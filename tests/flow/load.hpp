// Clients that send requests continuously while a test disturbs the service, and record the answers.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/text.hpp"
#include "flow/service.hpp"
#include "support/http_client.hpp"
#include "support/waiting.hpp"

namespace wx::test {

// The milliseconds of one entry in Server-Timing. 0 if there is no such entry.
[[nodiscard]] inline double server_timing(const Answer& answer, const std::string& stop) {
  const std::string value = answer.header("Server-Timing");
  const std::size_t at = value.find(stop + ";dur=");
  return at == std::string::npos ? 0 : std::stod(value.substr(at + stop.size() + 5));
}

// Each client has one keep-alive connection. It sends a request, then pauses for 20 ms, from construction until
// finish().
// Thread-safety: now() and go_on() from any thread. Read the results after finish().
class Load {
 public:
  // The next target. Called by many threads.
  using Next = std::function<std::string()>;

  Load(const Service& service, std::size_t clients, Next next) : service_(service), next_(std::move(next)) {
    for (std::size_t i = 0; i < clients; ++i) threads_.emplace_back([this] { run(); });
  }
  Load(const Service& service, std::size_t clients, std::string_view target)
      : Load(service, clients, [target = std::string(target)] { return target; }) {}
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;
  ~Load() { finish(); }

  // Requests sent from now on count for this phase.
  void now(std::string phase) {
    const std::lock_guard lock(mutex_);
    phase_ = std::move(phase);
  }

  // Waits until every client has had time for `count` more answers: the sum is what counts. False if they do not come.
  [[nodiscard]] bool go_on(int count) {
    const auto answers = [this] {
      const std::lock_guard lock(mutex_);
      return answers_;
    };
    const auto goal = answers() + count * static_cast<int>(threads_.size());
    return eventually([&] { return answers() >= goal; });
  }

  void finish() {
    stop_ = true;
    threads_.clear();
  }

  struct Phase {
    std::map<std::string, int> seen;  // by status and X-Cache
    milliseconds slowest{0};
    std::string slowest_timing;
    double longest_redis_ms = 0;  // of Server-Timing
    int answers = 0;
  };
  std::map<std::string, Phase> phases;
  std::vector<std::string> failures;  // failed connections; a client ends at its first failure

  // The slowest answer of all phases.
  [[nodiscard]] milliseconds slowest() const {
    milliseconds most{0};
    for (const auto& [name, phase] : phases) most = std::max(most, phase.slowest);
    return most;
  }
  // A summary for the message of a failed expectation.
  [[nodiscard]] std::string told() const {
    std::string text;
    for (const auto& [name, phase] : phases) {
      append(text, cat("\n", name, ": ", phase.answers, " answers, slowest ", phase.slowest.count(), " ms (",
                       phase.slowest_timing, ")"));
      for (const auto& [what, count] : phase.seen) append(text, cat("; ", what, " ", count, "x"));
    }
    for (const auto& failure : failures) append(text, cat("\nfailed: ", failure));
    return text;
  }

 private:
  void run() {
    try {
      HttpClient client(service_.port());
      while (!stop_) {
        std::string phase;
        {
          const std::lock_guard lock(mutex_);
          phase = phase_;
        }
        note(phase, client.get(next_()));
        std::this_thread::sleep_for(milliseconds(20));
      }
    } catch (const SocketError& error) {
      const std::lock_guard lock(mutex_);
      failures.emplace_back(cat(phase_, ": ", error.what()));
    }
  }

  void note(const std::string& name, const Answer& answer) {
    const std::lock_guard lock(mutex_);
    Phase& phase = phases[name];
    ++answers_;
    ++phase.answers;
    ++phase.seen[cat(answer.status, " ", answer.header("X-Cache"))];
    phase.longest_redis_ms = std::max(phase.longest_redis_ms, server_timing(answer, "redis"));
    if (answer.took < phase.slowest) return;
    phase.slowest = answer.took;
    phase.slowest_timing = answer.header("Server-Timing");
  }

  const Service& service_;
  const Next next_;
  std::atomic<bool> stop_{false};
  std::mutex mutex_;  // guards the results, phase_ and answers_
  int answers_ = 0;   // of all phases
  std::string phase_ = "at first";
  std::vector<std::jthread> threads_;
};

}  // namespace wx::test
