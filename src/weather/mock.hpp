// The mock provider: 25.0 degrees and 10.0 km/h everywhere, after a delay. It simulates a slow provider, without queue,
// budget, breaker or deadline.
//
// Thread: load() and destruction on the executor's thread; one per I/O thread.
#pragma once

#include <memory>

#include "base/executor.hpp"
#include "cache/loader.hpp"
#include "observability/metrics.hpp"
#include "weather/lifetime.hpp"
#include "weather/location.hpp"

namespace wx::weather {

class Mock {
 public:
  // `delay`: MOCK_DELAY. `executor` and `metrics` must outlive the mock and every Proceed that it passes on.
  Mock(Executor& executor, milliseconds delay, const LifetimeOptions& options, observability::Metrics& metrics);
  ~Mock();
  Mock(const Mock&) = delete;
  Mock& operator=(const Mock&) = delete;

  // Announces the turn at once. If the Proceed is called with true, on any thread, the mock answers on the executor's
  // thread after the delay, whatever the deadline. If the mock is destroyed first, `done` is never called.
  void load(const Location& location, cache::LoadRequest request, cache::LoadCallback done);

 private:
  class State;
  std::shared_ptr<State> state_;
};

}  // namespace wx::weather
