// The checks of the single formats, for body_check.cpp, and the faults that they share.
//
// Thread-safety: as BodyCheck.
#pragma once

#include <memory>
#include <string>

#include "base/error.hpp"
#include "open_meteo/asked.hpp"
#include "open_meteo/body_check.hpp"

namespace wx::open_meteo {

// All JSON, of whatever content. An opaque question must only get a whole document.
[[nodiscard]] std::unique_ptr<BodyCheck> make_json_check(const Asked& asked);
[[nodiscard]] std::unique_ptr<BodyCheck> make_csv_check();
[[nodiscard]] std::unique_ptr<BodyCheck> make_xlsx_check();
[[nodiscard]] std::unique_ptr<BodyCheck> make_flatbuffers_check(const Asked& asked);

// The provider has failed, so other questions may fail too.
[[nodiscard]] std::unexpected<Error> failed_body(std::string detail);
// The body is whole, but it does not answer its question. That says nothing of the provider's health.
[[nodiscard]] std::unexpected<Error> wrong_body(std::string detail);

}  // namespace wx::open_meteo
