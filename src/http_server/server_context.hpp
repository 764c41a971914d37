// The state that the connections of one server share: clock, buffers, deadlines, metrics and log.
//
// Thread-safety: belongs to the server's thread, except `open`.
#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "base/async.hpp"
#include "base/clock.hpp"
#include "base/executor.hpp"
#include "http_server/buffers.hpp"
#include "http_server/connection_memory.hpp"
#include "http_server/date_cache.hpp"
#include "http_server/deadlines.hpp"
#include "http_server/exchange.hpp"
#include "http_server/read_watch.hpp"
#include "http_server/server_options.hpp"
#include "observability/log.hpp"
#include "observability/log_exception.hpp"
#include "observability/metrics.hpp"

namespace wx::http_server {

struct ServerContext {
  asio::io_context& context;
  Executor& executor;
  Handler& handler;
  const ServerOptions options;
  const Clock& clock;
  observability::Metrics& metrics;
  observability::Log& log;

  Deadlines deadlines{{options.idle_timeout, options.request_timeout, Deadlines::kNever, options.write_stall_timeout,
                       options.linger_timeout, options.write_stall_timeout, options.surplus_timeout,
                       Deadlines::kNever}};
  ReadWaits waits{context};
  DateCache date;
  Buffers buffers;
  // Null: no limit.
  const std::shared_ptr<ConnectionMemory> memory = options.memory;
  std::size_t held = 0;       // the bytes that the connections of this server hold
  std::size_t most_held = 0;  // since memory was last returned to the system, with the connections themselves
  bool relief_posted = false;
  unsigned next_number = 0;   // of a connection
  unsigned turn = 0;          // which part of the waiting connections is measured next
  SteadyTime idle_seen_at{};  // the last look at those that had become idle
  SteadyTime quiet_until{};   // no log line about closed connections before then
  bool draining = false;
  // The number of open connections. Written by the server's thread only.
  std::atomic<std::size_t> open{0};
  // Called once, when `open` is 0 while draining; null before and after.
  std::shared_ptr<std::move_only_function<void()>> on_drained;

  void opened() {
    open.store(open.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    metrics.add(observability::Counter::http_connections_opened);
  }
  void closed() {
    open.store(open.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
    metrics.add(observability::Counter::http_connections_closed);
    report_if_drained();
  }
  // Posts on_drained when the drain is complete. If posting fails, the server's next tick calls this again.
  void report_if_drained() noexcept {
    if (!draining || open.load(std::memory_order_relaxed) != 0 || !on_drained) return;
    try {
      executor.post([call = on_drained] { (*call)(); });
      on_drained.reset();
    } catch (...) {
      observability::log_exception(log, "http_server", "reporting the end of the drain failed");
    }
  }
};

}  // namespace wx::http_server
