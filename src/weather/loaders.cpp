#include "weather/loaders.hpp"

#include <utility>

#include "open_meteo/current_weather.hpp"
#include "weather/render.hpp"

namespace wx::weather {

LoaderFor provider_loaders(open_meteo::Provider& provider, const LifetimeOptions& options) {
  return [&provider, options](const Location& location, std::uint64_t key_hash) -> cache::Loader {
    auto target = open_meteo::current_weather_target(location.latitude.text, location.longitude.text);
    return [&provider, options, key_hash, target = std::move(target)](cache::LoadRequest request,
                                                                      cache::LoadCallback done) {
      auto read = [options, key_hash](const open_meteo::Reply& reply,
                                      open_meteo::AttemptTimes& times) -> Result<cache::Loaded> {
        const auto weather = open_meteo::read_current_weather(reply, times.received_there());
        if (!weather) return std::unexpected(weather.error());
        if (!fits(*weather, times.sent_there())) times.ahead.reset();
        return make_answer(*weather, real_lifetime(options, *weather, times.sent_there(), key_hash));
      };
      provider.load({.target = target, .read = std::move(read)}, std::move(request), std::move(done));
    };
  };
}

LoaderFor mock_loaders(Mock& mock) {
  return [&mock](const Location& location, std::uint64_t) -> cache::Loader {
    return [&mock, location](cache::LoadRequest request, cache::LoadCallback done) {
      mock.load(location, std::move(request), std::move(done));
    };
  };
}

}  // namespace wx::weather
