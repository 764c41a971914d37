// Formats numbers and explains faults in the visitor's language.
//
// Thread-safety: pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "web/texts.hpp"

namespace wx::pages {

// A JSON number token with the language's decimal separator.
[[nodiscard]] std::string number_text(web::Language language, std::string_view token);

// Whether a JSON token says that the provider has no value. value_text() shows kNoValue for it.
inline constexpr std::string_view kNoValue = "\u2013";  // an en dash
[[nodiscard]] bool is_null(std::string_view token);
[[nodiscard]] std::string value_text(web::Language language, std::string_view token);

// Milliseconds with about three significant digits, without trailing zeros: "0.021 ms", "3.2 ms", "503 ms".
[[nodiscard]] std::string duration_text(web::Language language, nanoseconds span);
inline constexpr std::string_view kMillisecondsUnit = " ms";  // its end

// A setting's span in the largest unit that keeps it whole: "500 ms", "90 s", "10 min".
[[nodiscard]] std::string span_text(milliseconds span);

// The name of a source ("Memory Cache ⚡"), translated. Another text is returned unchanged.
[[nodiscard]] std::string_view source_text(web::Language language, std::string_view source);

// Translates a fault's English detail. A detail without a translation, such as the provider's own text, is returned
// unchanged.
[[nodiscard]] std::string_view fault_text(web::Language language, std::string_view detail);

// The sentence of an error's kind, translated.
[[nodiscard]] std::string_view error_title(web::Language language, ErrorKind kind);

// The context of an advice: it depends on this and on the kind of error.
struct AdviceContext {
  bool may_offer_mock = false;  // the mock exists
  bool has_detail = false;      // the page shows a detail that the advice can refer to
  bool marks_fields = false;    // the page marks the fields of the form that are wrong
  // The answer's Retry-After. It replaces the vague time in the advice.
  std::optional<long long> retry_after_seconds = std::nullopt;
};
// Advice on when to ask again and on what else a visitor can do about an error; empty if there is none.
[[nodiscard]] std::string advice(web::Language language, ErrorKind kind, const AdviceContext& context);

// Whether the mock can answer in spite of this error: the provider failed, was too slow, or may not be asked now.
[[nodiscard]] bool mock_would_help(ErrorKind kind);

}  // namespace wx::pages
