// Where the provider is and what every call of it carries. Thread-safety: pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "open_meteo/open_meteo_options.hpp"

namespace wx::open_meteo {

// Checks a base URL and returns it without trailing slashes: http or https, a host (name, IPv4, or IPv6 in brackets),
// optionally a port and a path; no user, no query, no fragment. Error: bad_parameter, its detail a sentence about the
// URL that does not repeat it (it may hold a password).
[[nodiscard]] Result<std::string> parse_base_url(std::string_view url);

// Whether `key` can travel in a header: visible ASCII, at most 256 characters. Error: bad_parameter.
[[nodiscard]] Result<std::string> parse_api_key(std::string_view key);

struct ProviderAddress {
  std::string base_url;              // without a trailing slash
  std::string api_key;               // secret
  std::vector<std::string> headers;  // with the key, if there is one: never log them
};

// Checks both options. A key with the default URL selects the customers' host (the free host answers a key with a
// redirect). Error: bad_parameter.
[[nodiscard]] Result<ProviderAddress> make_provider_address(const OpenMeteoOptions& options);

}  // namespace wx::open_meteo
