// The loaders for a question: of Open-Meteo for real answers, of the mock for the others.
//
// Thread-safety: values and pure functions. A LoaderFor is called on any thread, the loaders that it makes on the
// thread that asks.
#pragma once

#include <cstdint>
#include <functional>

#include "cache/loader.hpp"
#include "open_meteo/provider.hpp"
#include "weather/lifetime.hpp"
#include "weather/location.hpp"
#include "weather/mock.hpp"

namespace wx::weather {

// Makes the loader of the answer for one place. `key_hash` spreads the ends of freshness over the places.
using LoaderFor = std::move_only_function<cache::Loader(const Location& location, std::uint64_t key_hash) const>;

// Real answers; `provider` must outlive what this makes.
[[nodiscard]] LoaderFor provider_loaders(open_meteo::Provider& provider, const LifetimeOptions& options);
// The mock's; `mock` must outlive what this makes. Only on the mock's thread.
[[nodiscard]] LoaderFor mock_loaders(Mock& mock);

}  // namespace wx::weather
