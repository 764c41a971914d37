#include "base/http_url.hpp"

#include <algorithm>
#include <cstddef>

#include "base/text.hpp"

namespace wx {
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

}  // namespace

Result<std::string> parse_base_url(std::string_view url) {
  const auto refuse = [](std::string_view why) { return fail(ErrorKind::bad_parameter, std::string(why)); };
  const std::size_t after_scheme = url.find("://");
  const auto scheme = url.substr(0, after_scheme);
  if (after_scheme == std::string_view::npos || (!iequals(scheme, "http") && !iequals(scheme, "https"))) {
    return refuse("must begin with http:// or https://");
  }
  const auto rest = url.substr(after_scheme + 3);
  if (rest.find_first_of("?#") != std::string_view::npos) {
    return refuse("must not have a query or a fragment");
  }
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  const auto authority = rest.substr(0, slash);
  const auto path = rest.substr(slash);
  if (authority.find('@') != std::string_view::npos) return refuse("must not have a user or a password");

  // The last colon precedes the port, unless it is inside an IPv6 address.
  const std::size_t colon = authority.rfind(':');
  const bool has_port = colon != std::string_view::npos && authority.find(']', colon) == std::string_view::npos;
  if (!is_host(has_port ? authority.substr(0, colon) : authority)) return refuse("must name a host");
  if (has_port && !is_port(authority.substr(colon + 1))) return refuse("must have a port between 1 and 65535");

  if (!only(path, kLetters, kDigits, "/-._~%!$&'()*+,;=:"))
    return refuse("must have only letters, digits and /-._~%!$&'()*+,;=: in its path");
  return cat(iequals(scheme, "https") ? "https" : "http", "://", authority, without_slashes(path));
}

std::string_view without_slashes(std::string_view path) {
  while (path.ends_with('/')) path.remove_suffix(1);
  return path;
}

}  // namespace wx
