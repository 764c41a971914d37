// Makes the loaders of answers: from Open-Meteo for real answers, from the mock for the others.
//
// Thread-safety: pure functions. A LoaderFor of the provider may be called on any thread; a loader is called on the
// thread of the lookup.
#pragma once

#include <cstdint>
#include <functional>

#include "cache/loader.hpp"
#include "open_meteo/provider.hpp"
#include "weather/lifetime.hpp"
#include "weather/location.hpp"
#include "weather/mock.hpp"

namespace wx::weather {

// Makes the loader for one place. `key_hash` varies the end of freshness between places (see real_lifetime()).
using LoaderFor = std::move_only_function<cache::Loader(const Location& location, std::uint64_t key_hash) const>;

// Makes loaders of real answers. `provider` must outlive the returned function and its loaders.
[[nodiscard]] LoaderFor provider_loaders(open_meteo::Provider& provider, const LifetimeOptions& options);
// Makes loaders of mock answers. `mock` must outlive the returned function and its loaders, which are used on the
// mock's thread only.
[[nodiscard]] LoaderFor mock_loaders(Mock& mock);

}  // namespace wx::weather
