// libcurl's result codes as our errors. Thread-safety: pure functions.
#pragma once

#include <string_view>

#include <curl/curl.h>

#include "base/error.hpp"

namespace wx::http_client {

// `code` is not CURLE_OK. `connected`: the request could be sent. The detail is our own sentence, since libcurl's may
// name addresses.
[[nodiscard]] Error transfer_fault(CURLcode code, bool connected);

// Whether `host`, as written in a URL, is this machine. Such a host is reached without the environment's proxies.
[[nodiscard]] bool is_loopback(std::string_view host);

}  // namespace wx::http_client
