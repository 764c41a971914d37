// Numbers and faults in a visitor's language.
//
// Thread-safety: pure functions.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "web/texts.hpp"

namespace wx::pages {

// A JSON number token with the language's decimal sign.
[[nodiscard]] std::string number(web::Language language, std::string_view token);

// "0.021 ms", "3.2 ms", "503 ms": three digits that count.
[[nodiscard]] std::string duration(web::Language language, nanoseconds span);

// A fault's English detail in the language; as it is if nobody has translated it (the provider's own words).
[[nodiscard]] std::string_view fault_text(web::Language language, std::string_view detail);

[[nodiscard]] std::string_view error_title(web::Language language, ErrorKind kind);
// What to do about it; empty where there is nothing to say. `lab`: the mock may be offered. `detail`: there is one to
// point at.
[[nodiscard]] std::string_view advice(web::Language language, ErrorKind kind, bool lab, bool detail);

// Whether the fault is the provider's, so that the mock would answer.
[[nodiscard]] bool mock_would_help(ErrorKind kind);

}  // namespace wx::pages
