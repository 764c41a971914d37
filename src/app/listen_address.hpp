// ADDRESS as URLs need it. Thread-safety: pure functions.
#pragma once

#include <string>
#include <string_view>

namespace wx::app {

// Whether `address` stands for every address of the machine: 0.0.0.0, or any spelling of ::.
[[nodiscard]] bool is_any_address(std::string_view address);

// `address` as the host of a URL: an IPv6 address in brackets.
[[nodiscard]] std::string url_host(std::string_view address);

}  // namespace wx::app
