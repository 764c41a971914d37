// Reads the Forwarded field (RFC 7239) from its right end, where the nearest proxy has written. What is left of that
// may come from the client, and may be malformed.
//
// Thread-safety: pure functions.
#pragma once

#include <optional>
#include <string_view>

namespace wx::endpoints {

// Removes the last element, and the comma before it, from `rest`, the value of the field (several fields joined by
// commas). A comma within a quoted string does not separate.
[[nodiscard]] std::string_view cut_last_element(std::string_view& rest);

// The value of a parameter of an element, such as "for" (RFC 7239 §4), without its quotes; empty if the element does
// not have it, nothing if the element is malformed or has it twice. A quoted pair ("\x") is not decoded: no address or
// host needs one.
[[nodiscard]] std::optional<std::string_view> forwarded_parameter(std::string_view element, std::string_view name);

}  // namespace wx::endpoints
