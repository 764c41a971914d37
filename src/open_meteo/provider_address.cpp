#include "open_meteo/provider_address.hpp"

#include <algorithm>
#include <cstddef>

#include "base/text.hpp"

namespace wx::open_meteo {
namespace {

constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr std::string_view kDigits = "0123456789";

bool only(std::string_view text, std::string_view a, std::string_view b, std::string_view c = {}) {
  const auto in = [](std::string_view set, char x) { return set.find(x) != std::string_view::npos; };
  return std::ranges::all_of(text, [&](char x) { return in(a, x) || in(b, x) || in(c, x); });
}

bool is_host(std::string_view host) {
  if (host.starts_with('[')) {
    if (host.size() < 4 || !host.ends_with(']')) return false;
    const auto inside = host.substr(1, host.size() - 2);
    return inside.find(':') != std::string_view::npos && only(inside, kDigits, "abcdefABCDEF", ":.");
  }
  return !host.empty() && !host.starts_with('.') && !host.starts_with('-') && only(host, kLetters, kDigits, ".-_");
}

bool is_port(std::string_view port) {
  const auto number = parse_unsigned(port);
  return number && *number >= 1 && *number <= 65535;
}

std::string_view without_slashes(std::string_view path) {
  while (path.ends_with('/')) path.remove_suffix(1);
  return path;
}

}  // namespace

Result<std::string> parse_base_url(std::string_view url) {
  const auto refuse = [](std::string_view why) { return fail(ErrorKind::bad_parameter, std::string(why)); };
  const std::size_t after_scheme = url.find("://");
  const auto scheme = url.substr(0, after_scheme);
  if (after_scheme == std::string_view::npos || (!iequals(scheme, "http") && !iequals(scheme, "https"))) {
    return refuse("must begin with http:// or https://");
  }
  auto rest = url.substr(after_scheme + 3);
  if (rest.find_first_of("?#") != std::string_view::npos) {
    return refuse("must not have a query or a fragment; OPEN_METEO_API_KEY takes an API key");
  }
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  const auto authority = rest.substr(0, slash);
  auto path = rest.substr(slash);
  if (authority.find('@') != std::string_view::npos) return refuse("must not have a user or a password");

  // The last colon precedes the port, unless it is inside an IPv6 address.
  const std::size_t colon = authority.rfind(':');
  const bool has_port = colon != std::string_view::npos && authority.find(']', colon) == std::string_view::npos;
  if (!is_host(has_port ? authority.substr(0, colon) : authority)) return refuse("must name a host");
  if (has_port && !is_port(authority.substr(colon + 1))) return refuse("must have a port between 1 and 65535");

  if (!only(path, kLetters, kDigits, "/-._~%!$&'()*+,;=:"))
    return refuse("must have only letters, digits and /-._~%!$&'()*+,;=: in its path");
  path = without_slashes(path);
  // People copy the whole URL of a question from the provider's pages.
  constexpr std::string_view kEndpoint = "/v1/forecast";
  if (path.ends_with(kEndpoint)) path = without_slashes(path.substr(0, path.size() - kEndpoint.size()));
  return cat(iequals(scheme, "https") ? "https" : "http", "://", authority, path);
}

Result<std::string> parse_api_key(std::string_view key) {
  constexpr std::size_t kLongest = 256;
  if (key.size() > kLongest) return fail(ErrorKind::bad_parameter, "must not be longer than 256 characters");
  if (!std::ranges::all_of(key, [](char c) { return c > ' ' && c < '\x7f'; })) {
    return fail(ErrorKind::bad_parameter, "must be visible ASCII without spaces");
  }
  return std::string(key);
}

Result<ProviderAddress> make_provider_address(const OpenMeteoOptions& options) {
  const auto key = parse_api_key(options.api_key);
  if (!key) return fail(ErrorKind::bad_parameter, cat("the API key ", key.error().detail));
  auto base = parse_base_url(options.base_url);
  if (!base) return fail(ErrorKind::bad_parameter, cat("the provider's URL ", base.error().detail));

  ProviderAddress address;
  address.base_url = std::move(*base);
  if (!key->empty()) {
    address.api_key = *key;
    address.headers.push_back(cat("X-Api-Key: ", *key));
    if (iequals(address.base_url, kDefaultUrl)) address.base_url = kCustomerUrl;
  }
  return address;
}

}  // namespace wx::open_meteo
