// The mock: 25.0 degrees and 10.0 km/h everywhere, after a delay. What a slow provider costs, without one: no queue, no
// budget, no breaker, no deadline.
//
// Thread: fetch() and destruction on the executor's thread; one per I/O thread.
#pragma once

#include <memory>

#include "base/executor.hpp"
#include "observability/metrics.hpp"
#include "weather/source.hpp"

namespace wx::weather {

class MockSource final : public Source {
 public:
  // `delay`: MOCK_DELAY. What it is given must outlive it, and every Proceed it has handed out.
  MockSource(Executor& executor, milliseconds delay, observability::Metrics& metrics);
  ~MockSource() override;

  // It is its turn at once. Told to go on, on whichever thread, it answers after the delay on the executor's thread,
  // whatever the deadline. Destroyed before, it never answers.
  void fetch(const Location& location, cache::LoadRequest request, FetchCallback done) override;

 private:
  class State;
  std::shared_ptr<State> state_;
};

}  // namespace wx::weather
