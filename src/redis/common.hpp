// What the Redis clients of one process share, so that a machine with many I/O threads reads the CA bundle once and
// says "connection lost" once.
//
// Thread-safety: everything from any thread.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "base/executor.hpp"
#include "observability/log.hpp"
#include "observability/metrics.hpp"
#include "redis/redis_options.hpp"

namespace wx::redis {

class TlsContext;

class Common {
 public:
  // `clock`, `metrics` and `log` must outlive this.
  Common(RedisOptions options, const Clock& clock, observability::Metrics& metrics, observability::Log& log);
  Common(const Common&) = delete;
  Common& operator=(const Common&) = delete;
  // Waits for a CA bundle that is just being read (about 100 ms). All clients must be gone.
  ~Common();

  [[nodiscard]] const RedisOptions& options() const { return options_; }
  [[nodiscard]] const Clock& clock() const { return clock_; }
  [[nodiscard]] observability::Metrics& metrics() { return metrics_; }
  [[nodiscard]] observability::Log& log() { return log_; }

  using TlsReady = std::move_only_function<void(Result<std::shared_ptr<TlsContext>>)>;
  // The TLS settings, read on a thread of their own when first asked for; `ready` is posted to `executor`. A failure
  // (REDIS_CA_FILE cannot be read) is not kept: the next call reads again.
  void tls(Executor& executor, const void* owner, TlsReady ready);
  // Nothing more is posted on behalf of `owner` once this has returned.
  void forget(const void* owner);

  // Says in the log that Redis is in use; only the first client to say so since the last fault is heard.
  void say_up(std::string_view version, nanoseconds round_trip, milliseconds timeout);
  // Says in the log why Redis cannot be used; each reason once until Redis is in use again.
  void say_down(std::string_view reason);

 private:
  struct TlsWaiter {
    Executor* executor;
    const void* owner;
    TlsReady ready;
  };
  void load_tls();

  const RedisOptions options_;
  const Clock& clock_;
  observability::Metrics& metrics_;
  observability::Log& log_;

  std::mutex mutex_;
  // All of the following is guarded by mutex_.
  bool said_up_ = false;
  std::set<std::string, std::less<>> reasons_said_;
  std::shared_ptr<TlsContext> tls_;
  std::vector<TlsWaiter> tls_waiters_;
  bool tls_loading_ = false;
  std::thread tls_thread_;
};

}  // namespace wx::redis
