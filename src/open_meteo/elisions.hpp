// Takes out of a question what does not change the provider's answer. Thread-safety: pure functions.
#pragma once

#include "open_meteo/api.hpp"
#include "open_meteo/parameters.hpp"

namespace wx::open_meteo {

void take_out_what_changes_nothing(QueryValues& values, const Resource& resource);

}  // namespace wx::open_meteo
