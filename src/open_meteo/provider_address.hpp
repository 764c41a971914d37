// The provider's base URL and the headers of every call. Thread-safety: pure functions.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "open_meteo/api.hpp"
#include "open_meteo/open_meteo_options.hpp"

namespace wx::open_meteo {

// Checks a base URL (see base/http_url.hpp), which may have kLabelMark once, in its host or its path. Returns it
// without /v1/forecast at its end, and with the mark in place of the label "api" in the provider's own host. Error:
// bad_parameter; the detail does not repeat the URL, which may contain a password.
[[nodiscard]] Result<std::string> parse_provider_url(std::string_view url);

// Checks that `key` can be sent in a header (visible ASCII, at most 256 characters) and returns it. Error:
// bad_parameter.
[[nodiscard]] Result<std::string> parse_api_key(std::string_view key);

struct ProviderAddress {
  std::string base_url;              // without a trailing slash; may have kLabelMark
  std::string geocoding_url;         // the same; empty: there is no such server
  std::string api_key;               // secret
  std::vector<std::string> headers;  // contain the key, if any: never log them

  // The base URL for calls to an API. Empty if there is no server that has it.
  [[nodiscard]] std::string url_of(Label label) const;
};

// Calls share it, since the key may change between two of them.
using AddressPtr = std::shared_ptr<const ProviderAddress>;

// Checks URLs and key. A key together with the default URL selects the customers' host, because the free host answers a
// request with a key with a redirect. Error: bad_parameter.
[[nodiscard]] Result<ProviderAddress> make_provider_address(const OpenMeteoOptions& options);

}  // namespace wx::open_meteo
