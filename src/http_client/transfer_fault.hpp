// What libcurl's result codes mean to us. Thread-safety: pure functions.
#pragma once

#include <string_view>

#include <curl/curl.h>

#include "base/error.hpp"

namespace wx::http_client {

// `code` is not CURLE_OK. `connected` tells whether the request could be sent at all. The detail is our own sentence:
// libcurl's words may name addresses.
[[nodiscard]] Error transfer_fault(CURLcode code, bool connected);

// Whether `host`, as it stands in a URL, is this machine: proxies of the environment are not for it.
[[nodiscard]] bool is_loopback(std::string_view host);

}  // namespace wx::http_client
