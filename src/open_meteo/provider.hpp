// The client of the weather provider. It limits concurrent calls, keeps to a budget, pauses calls while the provider
// fails, and makes a second attempt where that may help. The caller defines the request target and the reader of the
// reply (see Call).
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "base/clock.hpp"
#include "base/executor.hpp"
#include "http_client/http_client.hpp"
#include "observability/log.hpp"
#include "observability/metrics.hpp"
#include "open_meteo/admission.hpp"
#include "open_meteo/call.hpp"
#include "open_meteo/fleet_budget.hpp"
#include "open_meteo/open_meteo_options.hpp"

namespace wx::open_meteo {

class CallPipeline;

// Thread-safety: any thread, except attach() and the destructor.
//
// Counts every call by its result (Counter::provider_*, Timing::provider). Logs changes of the calls' result and of the
// state of the breaker and the budget, not every call.
class Provider {
 public:
  // Throws std::invalid_argument if the options are invalid (see make_provider_address, share_of). `clock`, `metrics`
  // and `log` must outlive this object and the last callback of `client`. `client` may be destroyed before or after
  // this object, provided that by then no thread calls load() or is inside a Proceed, a callback of FleetBudget or a
  // timer of the attached executor.
  Provider(const OpenMeteoOptions& options, http_client::HttpClient& client, const Clock& clock,
           observability::Metrics& metrics, observability::Log& log);

  // Ends calls that wait for their turn with ErrorKind::draining, and calls that wait for their second attempt with the
  // fault of the first. Running calls end later, when the client answers them. Must run on the attached executor's
  // thread, or after that thread has stopped.
  ~Provider();
  Provider(const Provider&) = delete;
  Provider& operator=(const Provider&) = delete;

  // Sets the parts that exist only after the threads have been made. Call it before the first load(). `timers` runs the
  // pause before a second attempt; if null, there are no second attempts. If `fleet` is null, calls are counted alone.
  // Both must outlive this object and the last callback of the client.
  void attach(Executor* timers, FleetBudget* fleet);

  // Exchanges the count of calls with the fleet where that is due. Call it whenever the store can be used again, and
  // every half minute, so that a store that has lost counts gets them back.
  void watch_fleet(Watch why);

  // Uses another API key for every call that is sent from now on. Throws std::invalid_argument if it is invalid.
  void renew_key(std::string_view key);

  // Makes the call when its turn has come and request.turn confirms it (see cache::LoadRequest). A Proceed that is
  // destroyed without being called cancels the call. `done` is called exactly once, on any thread, possibly from within
  // load(); after a cancellation it is not called.
  //
  // While the breaker's probe is under way, a cold load waits for its outcome.
  //
  // Faults before the turn: overloaded (the call could not start by its deadline; retry_after), the kind of the last
  // failure while the breaker is open (retry_after), provider_limited if the budget is used up or after a 429
  // (retry_after: the window's end), deadline_exceeded if the turn came too late. Breaker and budget are checked again
  // when the turn comes. Faults after the turn: provider_limited (the budget is used up), and those of call.read and
  // HttpClient::get(). At any time: draining and internal. provider_refused is never an error: it is a value for the
  // cache (see cache::Loaded::refusal()).
  void load(Call call, cache::LoadRequest request, cache::LoadCallback done);

  // The numbers of calls that hold a slot and that wait for one.
  struct Slots {
    std::size_t running = 0;
    std::size_t queued = 0;
  };
  [[nodiscard]] Slots slots() const;
  // For gauges and /stats.
  [[nodiscard]] ProviderStatus status() const;

 private:
  // Shared with the calls in progress, because a call may end after this object is destroyed.
  std::shared_ptr<CallPipeline> pipeline_;
};

}  // namespace wx::open_meteo
