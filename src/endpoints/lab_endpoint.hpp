// POST /lab/stampede?n=1..200: many callers ask one new question at the same instant, on the path that every request
// takes; once waiting for each other (collapsed), once each for itself (bypass). Answers with the run's own counts.
//
// The callers ask the mock only, so no press of the button costs the provider anything; one run at a time per process,
// so that nobody's run counts another's calls and the work stays bounded.
#pragma once

#include <memory>

#include "endpoints/context.hpp"
#include "http_server/exchange.hpp"

namespace wx::endpoints {

// One I/O thread's laboratory. Thread: used on it alone; outlives what it starts, as the context does.
class LabEndpoint {
 public:
  explicit LabEndpoint(Context& context);

  void stampede(http_server::Exchange& exchange);

 private:
  struct Run;
  struct Herd;

  // The thread's mock, each call of it counted in calls_.
  [[nodiscard]] weather::LoaderFor counted_mock();
  void start_herd(const std::shared_ptr<Run>& run, Herd& herd, cache::Mode mode);
  void next(const std::shared_ptr<Run>& run);
  void finish(Run& run);
  void refuse(http_server::Exchange& exchange, ErrorKind kind, std::string detail);

  Context& context_;
  unsigned calls_ = 0;             // of the mock, by this laboratory
  weather::ServiceThread thread_;  // with the mock counted
};

}  // namespace wx::endpoints
