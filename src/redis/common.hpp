// The state shared by the Redis clients of one process: options, the CA certificates (read once, however many I/O
// threads there are) and the log lines about the connection (each written once, not once per thread).
//
// Thread-safety: everything from any thread.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "base/executor.hpp"
#include "base/mutex.hpp"
#include "observability/log.hpp"
#include "observability/metrics.hpp"
#include "redis/callback_guard.hpp"
#include "redis/redis_options.hpp"

namespace wx::redis {

class TlsContext;

class Common {
 public:
  // `clock`, `metrics` and `log` must outlive this.
  Common(RedisOptions options, const Clock& clock, observability::Metrics& metrics, observability::Log& log);
  Common(const Common&) = delete;
  Common& operator=(const Common&) = delete;
  // Waits until a CA bundle that is being read is read (about 100 ms). All clients must be gone.
  ~Common();

  [[nodiscard]] const RedisOptions& options() const { return options_; }
  [[nodiscard]] const Clock& clock() const { return clock_; }
  [[nodiscard]] observability::Metrics& metrics() { return metrics_; }
  [[nodiscard]] observability::Log& log() { return log_; }
  [[nodiscard]] CallbackGuard& guard() { return guard_; }

  using TlsReady = std::move_only_function<void(Result<std::shared_ptr<TlsContext>>)>;
  // Posts `ready` to `executor` with the TLS settings, which a separate thread reads at the first call. A failure
  // (REDIS_CA_FILE cannot be read) is not remembered: the next call reads again.
  void tls(Executor& executor, const void* owner, TlsReady ready);
  // Cancels the calls of `owner`: nothing more is posted for them once this has returned.
  void forget(const void* owner);

  // Logs that Redis is in use, once after each fault.
  void say_up(std::string_view version, nanoseconds round_trip, milliseconds timeout);
  // Before the clients get new credentials: lets the first of them say how that went.
  void renewing();
  // Logs whether the server has accepted new credentials, each outcome once.
  void say_renewed(bool accepted);
  // Logs why Redis cannot be used, each reason once until Redis is in use again.
  void say_down(std::string_view reason);

 private:
  struct TlsWaiter {
    Executor* executor;
    const void* owner;
    TlsReady ready;
  };
  void load_tls() noexcept;
  void give_tls(const Result<std::shared_ptr<TlsContext>>& loaded) WX_REQUIRES(mutex_);

  const RedisOptions options_;
  const Clock& clock_;
  observability::Metrics& metrics_;
  observability::Log& log_;
  CallbackGuard guard_{log_};

  Mutex mutex_;
  bool said_up_ WX_GUARDED_BY(mutex_) = false;
  bool said_accepted_ WX_GUARDED_BY(mutex_) = false;
  bool said_refused_ WX_GUARDED_BY(mutex_) = false;
  std::set<std::string, std::less<>> reasons_said_ WX_GUARDED_BY(mutex_);
  std::shared_ptr<TlsContext> tls_ WX_GUARDED_BY(mutex_);
  std::vector<TlsWaiter> tls_waiters_ WX_GUARDED_BY(mutex_);
  bool tls_loading_ WX_GUARDED_BY(mutex_) = false;
  std::thread tls_thread_ WX_GUARDED_BY(mutex_);
};

}  // namespace wx::redis
