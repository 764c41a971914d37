// The steps of a provider call, in order:
//
//   load -> (queue) -> begin -> (turn) -> proceed -> pay -> send -> finish -> end
//                      ^   |                          ^              |
//     the probe ended  +---+                          +--- pause <---+   at most once, see Admission::retry_after(),
//                                                                        and once from pay, see Payment::ask_again
//
// Each step passes the call on to the next or ends it. At the end the slot is released before `done` is called, so that
// the next call starts while the caller processes the outcome. An exception in any step (in the reader, in a callback,
// in a timer) is logged once, ends only that load with ErrorKind::internal, and releases slot and pass.
//
// Thread-safety: any thread, except attach() and close(). The class has no lock; each of its parts has its own.
#pragma once

#include <atomic>
#include <memory>
#include <string_view>

#include "base/clock.hpp"
#include "base/mutex.hpp"
#include "base/rate_gate.hpp"
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
#include "open_meteo/provider_clock.hpp"

namespace wx::open_meteo {

class CallPipeline : public std::enable_shared_from_this<CallPipeline> {
 public:
  // See Provider's constructor.
  CallPipeline(const OpenMeteoOptions& options, http_client::HttpClient& client, const Clock& clock,
               observability::Metrics& metrics, observability::Log& log);

  void attach(Executor* timers, FleetBudget* fleet);
  void load(Call call, cache::LoadRequest request, cache::LoadCallback done);
  // See Provider::renew_key().
  void renew_key(std::string_view key);
  // No call starts from now on. Waiting calls end with ErrorKind::draining, paused calls with the fault of their first
  // attempt.
  void close();

  // Ends a call that no callback will continue; see ~CallInProgress().
  void drop(CallInProgress& call) noexcept;

  // See CallPayment::watch().
  void watch(Watch why) { payment_.watch(why, shared_from_this()); }

  [[nodiscard]] const CallQueue& queue() const { return queue_; }
  [[nodiscard]] ProviderStatus status();

 private:
  // Runs one step of `call`; an exception ends the load.
  template <class Stop>
  void guarded(const CallPtr& call, std::string_view stop, Stop run) noexcept;

  void end_queued();
  void enter(const CallPtr& call);
  [[nodiscard]] bool make_room();
  void begin(const CallPtr& call) noexcept;
  void await_probe(const CallPtr& call);
  void announce_turn(const CallPtr& call);
  void stand_down(const CallPtr& call);
  void proceed(const CallPtr& call);
  void pay(const CallPtr& call);
  void send(const CallPtr& call);
  void finish(const CallPtr& call, Result<Reply> reply);
  [[nodiscard]] Result<cache::Loaded> read(CallInProgress& call, Result<Reply> reply);
  [[nodiscard]] Result<cache::Loaded> read_reply(CallInProgress& call, Reply reply);
  static void hide_key(cache::Loaded& outcome, const std::string& key);
  // Says of a fault with a reply what only this service knows: whether it sent a key.
  static void explain(Error& fault, const std::string& key);
  void pause(const CallPtr& call, nanoseconds span);
  void resume(const CallPtr& call);
  void try_again(const CallPtr& call);
  void end(CallInProgress& call, Result<cache::Loaded> outcome) noexcept;
  // Releases the slot and the pass of `call`, begins the calls that this allows, and ends waiting calls whose deadline
  // has passed.
  void give_back(CallInProgress& call) noexcept;
  void follow(const CallQueue::Left& left);

  [[nodiscard]] AddressPtr address();

  Mutex address_mutex_;
  OpenMeteoOptions options_ WX_GUARDED_BY(address_mutex_);  // what the address is made of
  AddressPtr address_ WX_GUARDED_BY(address_mutex_);
  const std::string instance_;
  const milliseconds upstream_timeout_;
  const milliseconds connect_timeout_;
  http_client::HttpClient& client_;
  const Clock& clock_;
  observability::Metrics& metrics_;
  observability::Log& log_;
  std::atomic<bool> closed_ = false;

  Admission admission_;
  CallQueue queue_;
  RateGate searches_{10};  // of the queue that end few calls or none, see make_room()
  CallPayment payment_;
  CallResults results_;
  ProviderClock provider_clock_;
  PausedCalls paused_;
};

}  // namespace wx::open_meteo
