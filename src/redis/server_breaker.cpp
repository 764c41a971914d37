#include "redis/server_breaker.hpp"

#include <utility>

#include "redis/reply_class.hpp"

namespace wx::redis {

ServerBreaker::ServerBreaker(Executor& executor, const Clock& clock, observability::Metrics& metrics,
                             observability::Log& log, CallbackGuard& guard, Ping ping)
    : executor_(executor), clock_(clock), metrics_(metrics), log_(log), guard_(guard), ping_(std::move(ping)) {}

void ServerBreaker::record(const Error* error) {
  if (stopped_) return;
  if (error != nullptr && is_refusal(*error)) return;
  if (!breaker_.record(error == nullptr, clock_.steady())) return;
  open_ = true;
  metrics_.add(observability::Counter::cache_redis_breaker_opened);
  log_.warn("redis", "Redis breaker open: answering without Redis until it replies again");
  schedule_probe();
}

void ServerBreaker::on_connected() {
  if (breaker_.state() == Breaker::State::open) probe();
}

void ServerBreaker::stop() {
  stopped_ = true;
  timer_.reset();
}

void ServerBreaker::schedule_probe() {
  if (stopped_) return;
  const nanoseconds wait = breaker_.wait();
  // Up to 20 % later, so that many threads do not probe in step.
  timer_ = executor_.after(random_.between(wait, wait + wait / 5),
                           [this] { guard_("the breaker's timer threw", [this] { probe(); }); });
}

void ServerBreaker::probe() {
  timer_.reset();
  breaker_.probe();
  ping_([this](const Result<Reply>& reply) {
    if (breaker_.probed(reply || is_refusal(reply.error()))) {
      open_ = false;
      log_.info("redis", "Redis breaker closed");
    } else if (breaker_.state() == Breaker::State::open) {
      schedule_probe();
    }
  });
}

}  // namespace wx::redis
