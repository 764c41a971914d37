// POST /lab/stampede?n=1..200: n callers make the same uncached lookup at once, on the path of every request. The first
// round goes through the cache, which collapses them into one load; the second bypasses it, so that each caller loads
// for itself. The answer holds the counts of both rounds.
//
// Only the mock is called, so a run costs no provider budget. One run at a time per process keeps the work bounded. A
// request of another client waits for its turn (LabGate), at most as long as a run can take. The page of another site
// may not start a run.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "endpoints/context.hpp"
#include "http_server/exchange.hpp"

namespace wx::endpoints {

// Thread: one per I/O thread; used only on that thread. It and its context must outlive every run that it starts.
class LabEndpoint {
 public:
  explicit LabEndpoint(Context& context);
  ~LabEndpoint();
  LabEndpoint(const LabEndpoint&) = delete;
  LabEndpoint& operator=(const LabEndpoint&) = delete;

  void stampede(http_server::Exchange& exchange);

 private:
  struct Run;
  struct Herd;
  class Visit;

  // The thread's mock, with every call counted in calls_.
  [[nodiscard]] weather::LoaderFor counted_mock();
  void begin(http_server::Responder responder, unsigned callers, LabGate::Pass pass);
  void on_turn(const std::weak_ptr<Visit>& visit, LabGate::Pass pass);
  // The gate passes over the visitor, because its client has gone or the service drains.
  void on_end(const std::weak_ptr<Visit>& visit);
  void give_up(const std::shared_ptr<Visit>& visit);
  // Takes the visit out of those that wait. Returns nothing if it is not among them.
  [[nodiscard]] std::optional<http_server::Responder> stop_waiting(const std::shared_ptr<Visit>& visit);
  void start_herd(const std::shared_ptr<Run>& run, Herd& herd, cache::Mode mode);
  void next(const std::shared_ptr<Run>& run);
  void finish(Run& run);
  template <class Answer>
  void refuse(Answer& answer, ErrorKind kind, std::string detail);
  // Of a request that does not get a turn: lab_busy, or draining.
  void refuse_turn(http_server::Responder& responder, std::string detail);
  void refuse_callers(http_server::Exchange& exchange, std::string detail);

  Context& context_;
  unsigned calls_ = 0;             // calls of the mock by this object
  weather::ServiceThread thread_;  // uses counted_mock()
  std::vector<std::shared_ptr<Visit>> waiting_;
};

}  // namespace wx::endpoints
