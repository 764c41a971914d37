// Negotiation of a body's coding (RFC 9110 §12.5.3). A request without the field gets none: programs that cannot decode
// a coding send no such field.
//
// Thread-safety: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace wx::endpoints {

enum class Encoding : std::uint8_t { identity, gzip, brotli };

// Chooses the coding of a file that is there in all of them. With equal weights, Brotli comes before gzip, and gzip
// before identity. A client that refuses every coding gets identity.
[[nodiscard]] Encoding choose_encoding(std::optional<std::string_view> accept_encoding);

// Returns true if the client accepts gzip and does not prefer a body without a coding.
[[nodiscard]] bool accepts_gzip(std::optional<std::string_view> accept_encoding);

}  // namespace wx::endpoints
