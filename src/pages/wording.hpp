// Formats numbers and explains faults in the visitor's language.
//
// Thread-safety: pure functions.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "web/texts.hpp"

namespace wx::pages {

// A JSON number token with the language's decimal separator.
[[nodiscard]] std::string number(web::Language language, std::string_view token);

// Milliseconds with three significant digits: "0.021 ms", "3.2 ms", "503 ms".
[[nodiscard]] std::string duration(web::Language language, nanoseconds span);

// Translates a fault's English detail. A detail without a translation, such as the provider's own text, is returned
// unchanged.
[[nodiscard]] std::string_view fault_text(web::Language language, std::string_view detail);

[[nodiscard]] std::string_view error_title(web::Language language, ErrorKind kind);
// Advice on what to do about an error; empty if there is none. `lab`: the advice may offer the mock. `detail`: the
// answer shows a detail that the advice can refer to.
[[nodiscard]] std::string_view advice(web::Language language, ErrorKind kind, bool lab, bool detail);

// Returns whether the mock can answer in spite of this error.
[[nodiscard]] bool mock_would_help(ErrorKind kind);

}  // namespace wx::pages
