// The provider of everything that is loaded: at most a few calls at a time, within a budget, not while it fails, with
// one more attempt where that may help. What is asked and what a reply means is the caller's (see Call).
#pragma once

#include <cstddef>
#include <memory>

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

// Thread-safety: everything from any thread, but for attach() and the destructor.
//
// Counts every call by its result (Counter::provider_*, Timing::provider). Logs when the result of calls changes, and
// each change of state of the breaker and the budget, never per call.
class Provider {
 public:
  // Throws std::invalid_argument if the options are not valid (see make_provider_address, share_of). What is referred
  // to must outlive both this object and the last callback of `client`; `client` itself may be destroyed before or
  // after this object, as long as no thread calls load() any more or is inside a Proceed, a FleetBudget::Done or a
  // timer of the attached executor.
  Provider(const OpenMeteoOptions& options, http_client::HttpClient& client, const Clock& clock,
           observability::Metrics& metrics, observability::Log& log);

  // Calls that wait for their turn end with ErrorKind::draining, calls that wait for their second attempt with the
  // fault of the first; running calls are answered by the client later. On the attached executor's thread, or after
  // that has stopped.
  ~Provider();
  Provider(const Provider&) = delete;
  Provider& operator=(const Provider&) = delete;

  // Passes the parts that exist only once the threads do. Call it before the first load(). `timers`: for the pause
  // before a second attempt; without it there is none. `fleet` may be null: calls are counted alone. Both must outlive
  // this object and the last callback of the client.
  void attach(Executor* timers, FleetBudget* fleet);

  // Makes the call when its turn has come and request.turn says so (see cache::LoadRequest). A Proceed that is
  // destroyed without being called means "stand down". `done` is called exactly once, unless the call stood down, on
  // any thread, possibly from within load().
  //
  // Faults before the turn: overloaded (it could not start by its deadline; retry_after), the kind of the last failure
  // while the breaker is open (retry_after), provider_limited when the budget or a 429 says so (retry_after: the
  // window's end), deadline_exceeded when the turn came too late. Breaker and budget are checked again when the turn
  // comes. Faults after the turn: these but the last, those of call.read and of HttpClient::get(), and internal.
  // provider_refused never comes back as an error: it is a value for the cache, see cache::Loaded::refusal().
  void load(Call call, cache::LoadRequest request, cache::LoadCallback done);

  // The number of calls that hold a slot, and that wait for one.
  struct Slots {
    std::size_t running = 0;
    std::size_t queued = 0;
  };
  [[nodiscard]] Slots slots() const;
  // For gauges and /stats.
  [[nodiscard]] ProviderStatus status() const;

 private:
  // Shared with the calls in progress, so that one that ends after this object finds what it needs.
  std::shared_ptr<CallPipeline> pipeline_;
};

}  // namespace wx::open_meteo
