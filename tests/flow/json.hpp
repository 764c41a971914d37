// Reads JSON that a test has received.
#pragma once

#include <string>
#include <string_view>

namespace wx::test {

// Returns whether `text` is one complete JSON document (RFC 8259).
[[nodiscard]] bool is_json(std::string_view text);

// The value at a JSON pointer (RFC 6901): strings without quotes, everything else as JSON. Empty if there is none.
[[nodiscard]] std::string json_at(std::string_view text, std::string_view pointer);

}  // namespace wx::test
