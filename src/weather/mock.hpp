// The mock: 25.0 degrees and 10.0 km/h everywhere, after a delay. It shows what a slow provider costs without one: no
// queue, no budget, no breaker, no deadline.
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
  // `delay`: MOCK_DELAY. The references must outlive the mock and every Proceed that it hands out.
  Mock(Executor& executor, milliseconds delay, const LifetimeOptions& options, observability::Metrics& metrics);
  ~Mock();
  Mock(const Mock&) = delete;
  Mock& operator=(const Mock&) = delete;

  // The turn comes at once. Told to go on, on any thread, the mock answers after the delay on the executor's thread,
  // whatever the deadline. A mock that is destroyed before never answers.
  void load(const Location& location, cache::LoadRequest request, cache::LoadCallback done);

 private:
  class State;
  std::shared_ptr<State> state_;
};

}  // namespace wx::weather
