// Tells from the values of a query what it asks for. Thread-safety: pure functions.
#pragma once

#include <string_view>

#include "open_meteo/api.hpp"
#include "open_meteo/asked.hpp"
#include "open_meteo/parameters.hpp"

namespace wx::open_meteo {

// A format's value in a query. An unknown one is refused, in JSON.
[[nodiscard]] Format read_format(std::string_view name);

[[nodiscard]] Asked read_asked(const QueryValues& values, const Resource& resource);

}  // namespace wx::open_meteo
