#include "open_meteo/call_pipeline.hpp"

#include <stdexcept>
#include <utility>
#include <variant>

#include "base/random.hpp"
#include "base/text.hpp"
#include "open_meteo/thrown.hpp"

namespace wx::open_meteo {
namespace {

using observability::Counter;

AddressPtr checked(const OpenMeteoOptions& options) {
  auto address = make_provider_address(options);
  if (!address) throw std::invalid_argument(address.error().detail);
  return std::make_shared<const ProviderAddress>(std::move(*address));
}

Error overloaded(nanoseconds retry_after) {
  return {.kind = ErrorKind::overloaded,
          .detail = "too many calls wait for the weather provider",
          .retry_after = std::chrono::ceil<milliseconds>(retry_after)};
}

}  // namespace

CallInProgress::~CallInProgress() {
  if (!ended) pipeline->drop(*this);
}

CallPipeline::CallPipeline(const OpenMeteoOptions& options, http_client::HttpClient& client, const Clock& clock,
                           observability::Metrics& metrics, observability::Log& log)
    : options_(options),
      address_(checked(options)),
      instance_(options.instance),
      upstream_timeout_(options.upstream_timeout),
      connect_timeout_(options.connect_timeout),
      client_(client),
      clock_(clock),
      metrics_(metrics),
      log_(log),
      admission_(options, Random(random_seed()), metrics, log),
      queue_({.concurrency = options.concurrency, .max_queue = options.max_queue}, client.bytes_in_flight()),
      payment_(admission_, clock, log),
      results_(metrics, log),
      provider_clock_(log),
      paused_([this](const CallPtr& call) { guarded(call, "an exception after a pause", [&] { resume(call); }); },
              log) {}

ProviderStatus CallPipeline::status() {
  auto status = admission_.status(now_of(clock_));
  status.clock_ahead = provider_clock_.ahead();
  return status;
}

void CallPipeline::attach(Executor* timers, FleetBudget* fleet) {
  paused_.attach(timers);
  if (fleet != nullptr) payment_.join(*fleet);
}

void CallPipeline::renew_key(std::string_view key) {
  const Lock lock(address_mutex_);
  options_.api_key = key;
  address_ = checked(options_);
}

AddressPtr CallPipeline::address() {
  const Lock lock(address_mutex_);
  return address_;
}

template <class Stop>
void CallPipeline::guarded(const CallPtr& call, std::string_view stop, Stop run) noexcept {
  try {
    run();
  } catch (...) {
    end(*call, std::unexpected(thrown(log_, stop)));
  }
}

void CallPipeline::load(Call call, cache::LoadRequest request, cache::LoadCallback done) {
  const auto made =
      std::make_shared<CallInProgress>(shared_from_this(), std::move(call), std::move(request), std::move(done));
  guarded(made, "an exception while entering the queue", [&] { enter(made); });
}

void CallPipeline::close() {
  closed_ = true;
  end_queued();
  for (const auto& call : paused_.close()) end(*call, fail(ErrorKind::draining));
}

void CallPipeline::end_queued() {
  for (const auto& call : queue_.clear()) end(*call, fail(ErrorKind::draining));
}

void CallPipeline::enter(const CallPtr& call) {
  const auto now = now_of(clock_);
  if (auto refused = admission_.check(call->purpose, now)) return end(*call, std::unexpected(*std::move(refused)));
  auto decision = queue_.enter(call, now.steady);
  if (std::holds_alternative<Gate::Refuse>(decision) && make_room()) decision = queue_.enter(call, now.steady);
  if (const auto* const full = std::get_if<Gate::Refuse>(&decision)) {
    metrics_.add(Counter::provider_shed_queue);
    return end(*call, std::unexpected(overloaded(full->retry_after)));
  }
  if (std::holds_alternative<Gate::Start>(decision)) begin(call);
}

// Ends the waiting calls that nobody wants any more: they would only stand down at their turn. Returns whether there
// were any. wanted() is called without the lock of the queue, and again by the cache at a turn that comes meanwhile.
// A flood of refused loads must cost little, and must not keep others from the places of calls that nobody wants. So
// the searches that end few calls are limited to some a second. A search that ends many is paid for by the loads that
// had to come to fill these places.
bool CallPipeline::make_room() {
  constexpr std::size_t kSearchedPerEnded = 16;
  if (!searches_.pass(clock_.steady())) return false;
  std::size_t ended = 0;
  const auto all = queue_.waiting();
  for (const auto& waiting : all) {
    if (!waiting->wanting || waiting->wanting->wanted() || !queue_.remove(waiting)) continue;
    metrics_.add(Counter::provider_stood_down);
    end(*waiting, fail(ErrorKind::deadline_exceeded));
    ++ended;
  }
  if (all.size() <= ended * kSearchedPerEnded) searches_.give_back();
  return ended != 0;
}

// Runs when the call has a slot, that is, when its turn has come.
void CallPipeline::begin(const CallPtr& call) noexcept {
  guarded(call, "an exception while beginning a call", [&] {
    if (closed_) return end(*call, fail(ErrorKind::draining));
    auto pass = admission_.enter(call->purpose, now_of(clock_));
    if (!pass) return end(*call, std::unexpected(std::move(pass.error())));
    call->pass = *pass;
    if (!call->pass) return await_probe(call);
    if (!call->turn) return proceed(call);
    announce_turn(call);
  });
}

// The probe may have ended since enter(), on another thread that saw no parked call. So the state is read again after
// the call is parked: either this thread sees the end, or the thread that ends the probe sees the call. The same holds
// for close().
void CallPipeline::await_probe(const CallPtr& call) {
  queue_.park(call);
  if (closed_) return end_queued();
  if (!admission_.probing()) follow(queue_.unpark(clock_.steady()));
}

// The Proceed may be called on another thread before `turn` returns, or be kept by a `turn` that throws. The first of
// the two to set turn_answered continues the call.
void CallPipeline::announce_turn(const CallPtr& call) {
  auto turn = std::move(call->turn);
  try {
    turn([held = call](bool go) mutable {
      const auto answered = std::move(held);
      if (answered->turn_answered.exchange(true)) return;
      auto& self = *answered->pipeline;
      self.guarded(answered, "an exception in a Proceed callback",
                   [&] { go ? self.proceed(answered) : self.stand_down(answered); });
    });
  } catch (...) {
    auto error = thrown(log_, "an exception while announcing a turn");
    if (!call->turn_answered.exchange(true)) end(*call, std::unexpected(std::move(error)));
  }
}

void CallPipeline::stand_down(const CallPtr& call) {
  metrics_.add(Counter::provider_stood_down);
  call->ended = true;
  give_back(*call);
}

void CallPipeline::proceed(const CallPtr& call) {
  call->proceeded = true;
  call->call_deadline = clock_.steady() + upstream_timeout_;
  pay(call);
}

void CallPipeline::pay(const CallPtr& call) {
  if (closed_) return end(*call, fail(ErrorKind::draining));
  payment_.pay(call->purpose, call->redis_unavailable, call->pipeline, [call](Admission::Payment payment) {
    auto& self = *call->pipeline;
    self.guarded(call, "an exception while sending a call", [&] {
      if (!payment.refused) return self.send(call);
      if (payment.ask_again && self.paused_.enabled() && !std::exchange(call->asked_again, true)) {
        call->paying_again = true;
        return self.pause(call, self.admission_.pause_before_asking_again());
      }
      self.end(*call, std::unexpected(*std::move(payment.refused)));
    });
  });
}

void CallPipeline::send(const CallPtr& call) {
  if (closed_) return end(*call, fail(ErrorKind::draining));
  const auto now = now_of(clock_);
  // The provider may have asked for a pause since this call entered.
  if (auto refused = admission_.check_pause(now)) return end(*call, std::unexpected(*std::move(refused)));
  call->sent_at = now.steady;
  const auto left = std::chrono::ceil<milliseconds>(call->call_deadline - call->sent_at);
  if (left <= milliseconds(0)) return end(*call, fail(ErrorKind::provider_timeout));
  if (!std::exchange(call->sent, true)) {
    admission_.called(now);
    if (auto begun = std::exchange(call->begun, nullptr)) begun();
  }
  call->address = address();
  auto headers = call->address->headers;
  if (!instance_.empty()) headers.push_back(cat("CDN-Loop: ", instance_));
  client_.get({.url = call->address->url_of(call->call.label) + call->call.target,
               .headers = std::move(headers),
               .connect_timeout = connect_timeout_,
               .total_timeout = left,
               .max_body = call->call.max_body,
               .keep_encoding = call->call.keep_encoding},
              [call](Result<Reply> reply) {
                auto& self = *call->pipeline;
                self.guarded(call, "an exception while finishing a call", [&] { self.finish(call, std::move(reply)); });
              });
}

void CallPipeline::finish(const CallPtr& call, Result<Reply> reply) {
  const auto duration = reply ? reply->duration : nanoseconds(0);
  auto outcome = read(*call, std::move(reply));
  const Error* const fault = outcome ? nullptr : &outcome.error();
  const auto now = now_of(clock_);
  if (call->pass) {
    admission_.ended(*std::exchange(call->pass, std::nullopt), fault, duration, now, call->asked_pause);
  }
  const bool second = std::exchange(call->fault, std::nullopt).has_value();
  if (fault != nullptr && !second && !closed_ && paused_.enabled()) {
    if (const auto span = admission_.retry_after(*fault, call->call_deadline - now.steady, now)) {
      call->fault = std::move(outcome.error());
      return pause(call, *span);
    }
  }
  if (!outcome && outcome.error().kind == ErrorKind::provider_refused) {
    outcome = cache::Loaded::refusal(std::move(outcome.error().detail));
  }
  if (outcome) outcome->request_time = call->sent_at;
  end(*call, std::move(outcome));
}

void CallPipeline::pause(const CallPtr& call, nanoseconds span) {
  if (!paused_.add(call, span)) end(*call, fail(ErrorKind::draining));
}

void CallPipeline::resume(const CallPtr& call) {
  if (std::exchange(call->paying_again, false)) return pay(call);
  try_again(call);
}

void CallPipeline::try_again(const CallPtr& call) {
  auto pass = admission_.enter(call->purpose, now_of(clock_));
  if (!pass) return end(*call, std::unexpected(std::move(pass.error())));
  call->pass = *pass;
  if (!call->pass) return end(*call, fail(ErrorKind::provider_error));  // a probe that is under way goes first
  metrics_.add(Counter::provider_retries);
  pay(call);
}

// If the second attempt was not made, the outcome is the fault of the first.
void CallPipeline::end(CallInProgress& call, Result<cache::Loaded> outcome) noexcept {
  if (std::exchange(call.ended, true)) return;
  give_back(call);
  if (call.fault) outcome = std::unexpected(*std::move(call.fault));
  try {
    call.done(std::move(outcome));
  } catch (...) {
    (void)thrown(log_, "an exception in the callback of a load");
  }
}

// After close() the threads that `done` needs may have stopped, and no caller waits.
void CallPipeline::drop(CallInProgress& call) noexcept {
  if (!call.proceeded || closed_) return give_back(call);
  end(call, fail(ErrorKind::internal));
}

void CallPipeline::give_back(CallInProgress& call) noexcept {
  try {
    if (call.pass) admission_.release(*std::exchange(call.pass, std::nullopt));
    // Parked calls came before those that wait for a slot.
    if (!admission_.probing()) follow(queue_.unpark(clock_.steady()));
    follow(queue_.leave(call, clock_.steady()));
  } catch (...) {
    (void)thrown(log_, "an exception while releasing a slot");
  }
}

void CallPipeline::follow(const CallQueue::Left& left) {
  if (left.run_ready) {
    while (const auto next = queue_.next_ready()) begin(next);
  }
  for (const auto& late : left.expired) {
    metrics_.add(Counter::provider_shed_deadline);
    end(*late, fail(ErrorKind::deadline_exceeded));
  }
}

}  // namespace wx::open_meteo
