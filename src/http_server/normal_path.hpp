// The normal form of a path, in which equivalent spellings are equal (RFC 3986 §6.2.2).
//
// Thread-safety: pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace wx::http_server {

// Decodes the escapes of unreserved characters: "/%77eather" is "/weather". Other escapes stay as they are, because
// "%2F" is not a "/". Nothing if an escape is malformed, or for a dot segment ("/a/../b", "/%2e/b"): no client sends
// one, since it would resolve it itself (§5.2.4), and a proxy may have checked another path than the one it leads to.
[[nodiscard]] std::optional<std::string> normal_path(std::string_view path);

// Returns true if a segment is "." or "..".
[[nodiscard]] bool has_dot_segment(std::string_view path);

}  // namespace wx::http_server
