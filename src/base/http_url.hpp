// The address of a web server, as settings give it.
//
// Thread-safety: pure functions.
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"

namespace wx {

// Checks an absolute http(s) URL (RFC 3986 §3) that paths are appended to: a host, perhaps a port and a path, and
// nothing else. Returns it with the scheme in lower case and without slashes at the end. Error: bad_parameter, with a
// detail that completes "the URL ..." and does not repeat the URL.
[[nodiscard]] Result<std::string> parse_base_url(std::string_view url);

// A path without the slashes at its end.
[[nodiscard]] std::string_view without_slashes(std::string_view path);

}  // namespace wx
