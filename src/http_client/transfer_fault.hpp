// libcurl's result codes as our errors. Thread-safety: pure functions.
#pragma once

#include <string_view>

#include <curl/curl.h>

#include "base/error.hpp"

namespace wx::http_client {

// `code` must not be CURLE_OK. The detail completes sentence(kind), so that "its" refers to the provider. It is the
// service's own text, because libcurl's may name addresses.
[[nodiscard]] Error transfer_fault(CURLcode code, bool request_sent);

// Whether libcurl stopped the transfer because a header line is above its own limit of 100 KB. Before libcurl 8.6, the
// code also means that memory is exhausted.
[[nodiscard]] bool is_header_limit(CURLcode code);

// Whether `host`, as written in a URL, is a loopback name or address. Such a host is reached without the environment's
// proxies.
[[nodiscard]] bool is_loopback(std::string_view host);

}  // namespace wx::http_client
