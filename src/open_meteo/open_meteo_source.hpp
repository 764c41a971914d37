// Weather from Open-Meteo: gate -> turn -> budget -> one GET (and perhaps a second) -> validated reply.
#pragma once

#include <cstddef>
#include <memory>

#include "base/clock.hpp"
#include "base/executor.hpp"
#include "http_client/http_client.hpp"
#include "observability/log.hpp"
#include "observability/metrics.hpp"
#include "open_meteo/admission.hpp"
#include "open_meteo/fleet_budget.hpp"
#include "open_meteo/open_meteo_options.hpp"
#include "weather/source.hpp"

namespace wx::open_meteo {

// Thread-safety: everything from any thread, but for attach() and the destructor.
//
// Counts every call by its result (Counter::provider_*, Timing::provider). Logs when the result of calls changes (from
// answers to a fault, from one fault to another, back to answers) and each change of state of the breaker and the
// budget, never per call. A refused question (400) says nothing about the provider's health and is logged at level
// debug only.
class OpenMeteoSource final : public weather::Source {
 public:
  // Throws std::invalid_argument if the options are not valid (see make_provider, share_of). What is referred to must
  // outlive both this object and the last callback of `client`; `client` itself may be destroyed before or after this
  // object, as long as nobody calls fetch() any more and nobody is inside a Proceed, a FleetBudget::Done or a timer of
  // the attached executor.
  OpenMeteoSource(const OpenMeteoOptions& options, http_client::HttpClient& client, const Clock& clock,
                  observability::Metrics& metrics, observability::Log& log);

  // What waits for its turn is told ErrorKind::draining, what waits for its second attempt the fault of the first; what
  // runs is answered by the client later. On the attached executor's thread, or after that has stopped.
  ~OpenMeteoSource() override;

  // What only the threads can give; before the first fetch(). `timers`: for the pause before a second attempt; without
  // it there is none. `fleet` may be null: calls are counted alone. Both must outlive this
  // object and the last callback of the client.
  void attach(Executor* timers, FleetBudget* fleet);

  // Before its turn a load is refused, possibly from within fetch(), with: overloaded (it could not start by its
  // deadline; retry_after), the kind of the last failure while the breaker is open (retry_after), provider_limited when
  // the budget or a 429 says so (retry_after: the window's end), deadline_exceeded when the turn came too late. Both
  // are looked at again when the turn comes. After the turn: these but the last, and the faults of read_reply() and
  // HttpClient::get(). A Proceed that is destroyed without being called means "stand down".
  void fetch(const weather::Location& location, cache::LoadRequest request, weather::FetchCallback done) override;

  struct Load {
    std::size_t running = 0;  // holding a slot
    std::size_t queued = 0;
  };
  [[nodiscard]] Load load() const;
  // For gauges and /stats.
  [[nodiscard]] ProviderStatus status() const;

 private:
  class State;
  // Shared with the calls that run, so that one that ends after this object finds what it needs.
  std::shared_ptr<State> state_;
};

}  // namespace wx::open_meteo
