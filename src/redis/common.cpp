#include "redis/common.hpp"

#include <utility>

#include "observability/log_exception.hpp"
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
  // The previous thread has cleared tls_loading_ under this mutex and needs it no more, so joining cannot wait for us.
  if (tls_thread_.joinable()) tls_thread_.join();
  // The new thread needs the mutex to end, so the flag is set before that. If the thread cannot be started, the next
  // call tries again.
  tls_thread_ = std::thread([this] { load_tls(); });
  tls_loading_ = true;
}

// After an exception (no memory) the next call of tls() loads again, and a waiter that got no answer times out.
void Common::load_tls() noexcept {
  Result<std::shared_ptr<TlsContext>> loaded = fail(ErrorKind::internal);
  guard_("reading the CA certificates threw", [&] { loaded = TlsContext::load(options_.ca_file); });
  const Lock lock(mutex_);
  tls_loading_ = false;
  try {
    give_tls(loaded);
  } catch (...) {
    observability::log_exception(log_, "redis", "passing the CA certificates on threw");
  }
}

void Common::give_tls(const Result<std::shared_ptr<TlsContext>>& loaded) {
  if (loaded) tls_ = *loaded;
  while (!tls_waiters_.empty()) {
    TlsWaiter waiter = std::move(tls_waiters_.back());
    tls_waiters_.pop_back();
    waiter.executor->post([loaded, ready = std::move(waiter.ready)]() mutable { ready(std::move(loaded)); });
  }
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

void Common::renewing() {
  const Lock lock(mutex_);
  said_accepted_ = said_refused_ = false;
}

void Common::say_renewed(bool accepted) {
  {
    const Lock lock(mutex_);
    if (std::exchange(accepted ? said_accepted_ : said_refused_, true)) return;
  }
  if (accepted) {
    log_.info("redis", "the server accepted the new user and password");
  } else {
    log_.warn("redis", "the server refused the new user and password; connections go on with the old ones");
  }
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
