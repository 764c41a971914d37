#include "http_client/host_address.hpp"

#include <algorithm>

#include "base/ip_address.hpp"
#include "base/text.hpp"

namespace wx::http_client {
namespace {

constexpr std::string_view kAnyBelow = "*.";

bool is_host_name(std::string_view host) {
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyz0123456789-_.";
  return !host.empty() && host.find_first_not_of(kAllowed) == std::string_view::npos && !host.starts_with('.') &&
         !host.starts_with('-') && !host.contains("..");
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

// The text is not repeated: a secret may have come into the wrong setting.
Result<HostAddress> parse_one(std::string_view text, std::size_t number) {
  const auto refuse = [number](std::string_view why) {
    return fail(ErrorKind::bad_parameter, cat("entry ", number, " ", why));
  };
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return refuse("is not host:address");
  HostAddress one{.host = lower(text.substr(0, colon)), .address = {}};
  const std::string_view name = one.host;
  if (!is_host_name(name.starts_with(kAnyBelow) ? name.substr(kAnyBelow.size()) : name)) {
    return refuse("does not begin with a host name, or with *. and a host name");
  }
  std::string_view address = text.substr(colon + 1);
  if (address.starts_with('[') && address.ends_with(']')) {
    address = address.substr(1, address.size() - 2);
    if (!address.contains(':')) return refuse("has brackets around what is not an IPv6 address");
  }
  if (!parse_ip(address)) return refuse("does not end with an IPv4 or IPv6 address");
  one.address = address;
  return one;
}

}  // namespace

bool HostAddress::is_of(std::string_view name) const {
  if (!host.starts_with(kAnyBelow)) return iequals(host, name);
  const std::string_view end = std::string_view(host).substr(1);
  return name.size() > end.size() && iequals(name.substr(name.size() - end.size()), end);
}

Result<std::vector<HostAddress>> parse_host_addresses(std::string_view text) {
  std::vector<HostAddress> all;
  while (true) {
    const auto comma = text.find(',');
    auto one = parse_one(trim(text.substr(0, comma)), all.size() + 1);
    if (!one) return std::unexpected(std::move(one.error()));
    all.push_back(*std::move(one));
    if (comma == std::string_view::npos) return all;
    text.remove_prefix(comma + 1);
  }
}

std::string format_host_addresses(const std::vector<HostAddress>& addresses) {
  std::string text;
  for (const auto& one : addresses) append(text, cat(text.empty() ? "" : ",", one.host, ":", one.address));
  return text;
}

}  // namespace wx::http_client
