#include "weather/mock_source.hpp"

#include <list>
#include <utility>

namespace wx::weather {
namespace {

Observation mock_observation(const Location& location) {
  Observation observation;
  observation.latitude = location.latitude.text;
  observation.longitude = location.longitude.text;
  observation.temperature = "25.0";
  observation.wind_speed = "10.0";
  return observation;
}

}  // namespace

// Shared, weakly, with whoever is to say "go on": that may come after the mock is gone.
class MockSource::State : public std::enable_shared_from_this<State> {
 public:
  State(Executor& executor, milliseconds delay, observability::Metrics& metrics)
      : executor_(executor), delay_(delay), metrics_(metrics) {}

  // From any thread.
  void go(Observation observation, FetchCallback done) {
    metrics_.add(observability::Counter::mock_calls);
    if (executor_.in_this_thread()) return answer(std::move(observation), std::move(done));
    executor_.post([weak = weak_from_this(), observation = std::move(observation), done = std::move(done)]() mutable {
      if (const auto self = weak.lock()) self->answer(std::move(observation), std::move(done));
    });
  }

 private:
  void answer(Observation observation, FetchCallback done) {
    if (delay_ <= milliseconds(0)) return done(std::move(observation));
    const auto place = pending_.emplace(pending_.end());
    *place =
        executor_.after(delay_, [this, place, observation = std::move(observation), done = std::move(done)]() mutable {
          const auto timer = std::move(*place);  // until this function is over
          pending_.erase(place);
          done(std::move(observation));
        });
  }

  Executor& executor_;
  const milliseconds delay_;
  observability::Metrics& metrics_;
  std::list<std::unique_ptr<Timer>> pending_;
};

MockSource::MockSource(Executor& executor, milliseconds delay, observability::Metrics& metrics)
    : state_(std::make_shared<State>(executor, delay, metrics)) {}
MockSource::~MockSource() = default;

void MockSource::fetch(const Location& location, cache::LoadRequest request, FetchCallback done) {
  if (!request.turn) return state_->go(mock_observation(location), std::move(done));
  request.turn([weak = state_->weak_from_this(), observation = mock_observation(location),
                done = std::move(done)](bool go) mutable {
    const auto self = weak.lock();
    if (go && self) self->go(std::move(observation), std::move(done));
  });
}

}  // namespace wx::weather
