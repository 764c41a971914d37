#include "redis/server_breaker.hpp"

#include <utility>

#include "redis/reply_class.hpp"

namespace wx::redis {

ServerBreaker::ServerBreaker(const Clock& clock, observability::Metrics& metrics, observability::Log& log,
                             CallbackGuard& guard, Ping ping)
    : clock_(clock), metrics_(metrics), log_(log), guard_(guard), ping_(std::move(ping)) {}

void ServerBreaker::record(const Error* error) {
  if (error != nullptr && is_refusal(*error)) return;
  if (!breaker_.record(error == nullptr, clock_.steady())) return;
  open_ = true;
  set_probe_due();
  metrics_.add(observability::Counter::cache_redis_breaker_opened);
  log_.warn("redis", "Redis breaker open: answering without Redis until it replies again");
}

void ServerBreaker::on_connected() {
  if (breaker_.state() == Breaker::State::open) probe();
}

void ServerBreaker::probe_if_due(SteadyTime now) {
  if (probe_due_ && *probe_due_ <= now) probe();
}

void ServerBreaker::set_probe_due() {
  const nanoseconds wait = breaker_.wait();
  // Up to 20 % later, so that many threads do not probe in step.
  probe_due_ = clock_.steady() + random_.between(wait, wait + wait / 5);
}

void ServerBreaker::probe() {
  probe_due_.reset();
  breaker_.probe();
  bool sent = false;
  guard_("a probe of Redis threw", [&] {
    ping_([this](const Result<Reply>& reply) { on_probed(reply || is_refusal(reply.error())); });
    sent = true;
  });
  // A PING that could not be sent gets no outcome. Without one the breaker would wait for ever.
  if (!sent) on_probed(false);
}

void ServerBreaker::on_probed(bool success) {
  if (breaker_.probed(success)) {
    open_ = false;
    log_.info("redis", "Redis breaker closed");
    if (closed_handler_) guard_("the handler of a closed breaker threw", closed_handler_);
  } else if (breaker_.state() == Breaker::State::open) {
    set_probe_due();
  }
}

}  // namespace wx::redis
