#include "redis/common.hpp"

#include <utility>

#include "redis/tls_context_shell.hpp"

namespace wx::redis {

Common::Common(RedisOptions options, const Clock& clock, observability::Metrics& metrics, observability::Log& log)
    : options_([&] {
        options.url.address.tls = options.wants_tls();
        return std::move(options);
      }()),
      clock_(clock),
      metrics_(metrics),
      log_(log) {}

Common::~Common() {
  std::thread loading;
  {
    const Lock lock(mutex_);
    loading = std::move(tls_thread_);
  }
  if (loading.joinable()) loading.join();
}

void Common::tls(Executor& executor, const void* owner, TlsReady ready) {
  const Lock lock(mutex_);
  if (tls_) {
    executor.post([tls = tls_, ready = std::move(ready)]() mutable { ready(std::move(tls)); });
    return;
  }
  tls_waiters_.push_back({.executor = &executor, .owner = owner, .ready = std::move(ready)});
  if (tls_loading_) return;
  tls_loading_ = true;
  // The previous thread has cleared tls_loading_ under this mutex and needs it no more, so joining cannot wait for us.
  if (tls_thread_.joinable()) tls_thread_.join();
  tls_thread_ = std::thread([this] { load_tls(); });
}

void Common::load_tls() {
  auto loaded = TlsContext::load(options_.ca_file);
  const Lock lock(mutex_);
  if (loaded) tls_ = *loaded;
  for (TlsWaiter& waiter : tls_waiters_) {
    waiter.executor->post([loaded, ready = std::move(waiter.ready)]() mutable { ready(std::move(loaded)); });
  }
  tls_waiters_.clear();
  tls_loading_ = false;
}

void Common::forget(const void* owner) {
  const Lock lock(mutex_);
  std::erase_if(tls_waiters_, [owner](const TlsWaiter& waiter) { return waiter.owner == owner; });
}

void Common::say_up(std::string_view version, nanoseconds round_trip, milliseconds timeout) {
  {
    const Lock lock(mutex_);
    reasons_said_.clear();
    if (std::exchange(said_up_, true)) return;
  }
  log_.info("redis", "connected",
            {{"server", describe(options_.url)},
             {"version", version},
             {"round_trip_ms", static_cast<double>(round_trip.count()) / 1e6},
             {"timeout_ms", timeout.count()}});
}

void Common::say_down(std::string_view reason) {
  {
    const Lock lock(mutex_);
    said_up_ = false;
    if (!reasons_said_.emplace(reason).second) return;
  }
  log_.warn("redis", "cannot be used; going on without it", {{"server", describe(options_.url)}, {"reason", reason}});
}

}  // namespace wx::redis
