// Lists in header fields (RFC 9110 §5.6.1), whose members may have quoted strings (§5.6.4).
//
// Thread-safety: pure functions.
#pragma once

#include <cstddef>
#include <string_view>

namespace wx::http_server {

// The length of the quoted string at the start of `text`, with both quotes, or 0 if it does not end. A backslash makes
// the next byte a part of the string.
[[nodiscard]] std::size_t quoted_string_length(std::string_view text);

// Removes the part before the next `separator`, and the separator, from `rest`. A separator within a quoted string does
// not count; a string that does not end takes all that is left. Returns the part without surrounding spaces.
[[nodiscard]] std::string_view cut_member(std::string_view& rest, char separator = ',');

}  // namespace wx::http_server
