// The breaker of one server together with its probe: while the breaker is open, a PING now and then finds out whether
// the server works again.
//
// It has no timer of its own. The owner calls probe_if_due() when probe_due() has come.
//
// Thread: one, except available(), which any thread may call.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <utility>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "observability/log.hpp"
#include "observability/metrics.hpp"
#include "redis/breaker.hpp"
#include "redis/callback_guard.hpp"
#include "redis/reply.hpp"

namespace wx::redis {

class ServerBreaker {
 public:
  // Sends a PING and gives its outcome to the callback.
  using Ping = std::move_only_function<void(Callback done)>;

  // All references must outlive the breaker.
  ServerBreaker(const Clock& clock, observability::Metrics& metrics, observability::Log& log, CallbackGuard& guard,
                Ping ping);

  // Sets the handler called whenever the breaker has closed again. Before the first of the calls below.
  void on_closed(std::move_only_function<void()> handler) { closed_handler_ = std::move(handler); }

  // Whether commands may be sent. From any thread.
  [[nodiscard]] bool available() const { return !open_.load(std::memory_order_relaxed); }

  // Takes the outcome of an operation: null for success. A refusal (reply_class.hpp) counts as neither.
  void record(const Error* error);
  // A connection was made: an open breaker probes at once.
  void on_connected();

  // When the next probe is due; nothing unless the breaker is open.
  [[nodiscard]] std::optional<SteadyTime> probe_due() const { return probe_due_; }
  void probe_if_due(SteadyTime now);

 private:
  void set_probe_due();
  void probe();
  void on_probed(bool success);

  const Clock& clock_;
  observability::Metrics& metrics_;
  observability::Log& log_;
  CallbackGuard& guard_;
  Ping ping_;
  std::move_only_function<void()> closed_handler_;
  Breaker breaker_{BreakerOptions{}};
  Random random_{random_seed()};
  std::optional<SteadyTime> probe_due_;
  std::atomic<bool> open_{false};
};

}  // namespace wx::redis
