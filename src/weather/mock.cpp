#include "weather/mock.hpp"

#include <list>
#include <utility>

#include "weather/render.hpp"

namespace wx::weather {
namespace {

open_meteo::CurrentWeather mock_weather(const Location& location) {
  open_meteo::CurrentWeather weather;
  weather.latitude = location.latitude.text;
  weather.longitude = location.longitude.text;
  weather.temperature = "25.0";
  weather.wind_speed = "10.0";
  return weather;
}

}  // namespace

// Proceeds hold the state weakly, because one may be called after the mock is destroyed.
class Mock::State : public std::enable_shared_from_this<State> {
 public:
  State(Executor& executor, milliseconds delay, const Lifetime& lifetime, observability::Metrics& metrics)
      : executor_(executor), delay_(delay), lifetime_(lifetime), metrics_(metrics) {}

  // Thread-safety: any thread.
  void go(Location location, cache::LoadCallback done) {
    metrics_.add(observability::Counter::mock_calls);
    if (executor_.in_this_thread()) return answer(std::move(location), std::move(done));
    executor_.post([weak = weak_from_this(), location = std::move(location), done = std::move(done)]() mutable {
      if (const auto self = weak.lock()) self->answer(std::move(location), std::move(done));
    });
  }

 private:
  void answer(Location location, cache::LoadCallback done) {
    if (delay_ <= milliseconds(0)) return done(make_answer(mock_weather(location), lifetime_));
    const auto place = pending_.emplace(pending_.end());
    *place = executor_.after(delay_, [this, place, location = std::move(location), done = std::move(done)]() mutable {
      const auto timer = std::move(*place);  // the timer must live until its callback returns
      pending_.erase(place);
      done(make_answer(mock_weather(location), lifetime_));
    });
  }

  Executor& executor_;
  const milliseconds delay_;
  const Lifetime lifetime_;
  observability::Metrics& metrics_;
  std::list<std::unique_ptr<Timer>> pending_;
};

Mock::Mock(Executor& executor, milliseconds delay, const LifetimeOptions& options, observability::Metrics& metrics)
    : state_(std::make_shared<State>(executor, delay, mock_lifetime(options), metrics)) {}
Mock::~Mock() = default;

void Mock::load(const Location& location, cache::LoadRequest request, cache::LoadCallback done) {
  if (!request.turn) {
    if (request.begun) request.begun();
    return state_->go(location, std::move(done));
  }
  request.turn([weak = state_->weak_from_this(), location = location, begun = std::move(request.begun),
                done = std::move(done)](bool go) mutable {
    const auto self = weak.lock();
    if (!go || !self) return;
    if (begun) begun();
    self->go(std::move(location), std::move(done));
  });
}

}  // namespace wx::weather
