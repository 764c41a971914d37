// The stops of a provider call, in order:
//
//   load -> (queue) -> begin -> (turn) -> proceed -> pay -> send -> finish -> end
//                                                     ^              |
//                                                     +--- pause <---+   at most once, see Admission::retry_after()
//
// Each stop moves the call on or ends it. At the end the slot goes back first and `done` is called after, so that the
// next call starts while the caller looks at this one's outcome. An exception at any stop (in the reader, in a
// callback, in a timer) ends that one load with ErrorKind::internal, is logged once, and gives slot and pass back.
//
// Thread-safety: any thread, but for attach() and close(). There is no lock here: each part has its own.
#pragma once

#include <atomic>
#include <memory>

#include "base/clock.hpp"
#include "http_client/http_client.hpp"
#include "observability/log.hpp"
#include "observability/metrics.hpp"
#include "open_meteo/admission.hpp"
#include "open_meteo/call_in_progress.hpp"
#include "open_meteo/call_payment.hpp"
#include "open_meteo/call_queue.hpp"
#include "open_meteo/call_results.hpp"
#include "open_meteo/open_meteo_options.hpp"
#include "open_meteo/paused_calls.hpp"
#include "open_meteo/provider_address.hpp"

namespace wx::open_meteo {

class CallPipeline : public std::enable_shared_from_this<CallPipeline> {
 public:
  // As Provider's constructor.
  CallPipeline(const OpenMeteoOptions& options, http_client::HttpClient& client, const Clock& clock,
               observability::Metrics& metrics, observability::Log& log);

  void attach(Executor* timers, FleetBudget* fleet);
  void load(Call call, cache::LoadRequest request, cache::LoadCallback done);
  // Nothing starts from here on; what waits ends with ErrorKind::draining.
  void close();

  // Ends a call that nothing will move on any more, see ~CallInProgress().
  void drop(CallInProgress& call) noexcept;

  [[nodiscard]] const CallQueue& queue() const { return queue_; }
  [[nodiscard]] ProviderStatus status() { return admission_.status(now_of(clock_)); }

 private:
  // Runs one stop of `call`; an exception ends the load.
  template <class Stop>
  void guarded(const CallPtr& call, std::string_view stop, Stop run) noexcept;

  void enter(const CallPtr& call);
  void begin(const CallPtr& call) noexcept;
  void announce_turn(const CallPtr& call);
  void stand_down(const CallPtr& call);
  void proceed(const CallPtr& call);
  void pay(const CallPtr& call);
  void send(const CallPtr& call);
  void finish(const CallPtr& call, Result<Reply> reply);
  [[nodiscard]] Result<cache::Loaded> read(CallInProgress& call, Result<Reply> reply);
  void pause(const CallPtr& call, nanoseconds span);
  void try_again(const CallPtr& call);
  void end(CallInProgress& call, Result<cache::Loaded> outcome) noexcept;
  // Gives back what `call` holds, begins the next call, ends those whose deadline has passed.
  void give_back(CallInProgress& call) noexcept;

  const ProviderAddress address_;
  const milliseconds upstream_timeout_;
  const milliseconds connect_timeout_;
  http_client::HttpClient& client_;
  const Clock& clock_;
  observability::Metrics& metrics_;
  observability::Log& log_;
  std::atomic<bool> closed_ = false;

  Admission admission_;
  CallQueue queue_;
  CallPayment payment_;
  CallResults results_;
  PausedCalls paused_;
};

}  // namespace wx::open_meteo
