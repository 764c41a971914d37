// Parses REDIS_URL.
//
//   redis://[[user]:password@]host[:port][/db][?db=n]     plain TCP      (valkey:// is the same)
//   rediss://...                                          TCP with TLS   (valkeys:// is the same)
//   unix://[[user]:password@]/path/to/socket[?db=n]       a local socket
//
// User, password and the socket's path are percent-decoded; an IPv6 address stands in brackets. The query keys `user`
// and `password` are an alternative to the part before the @. Of the keys that other clients know, `username` and
// `database` are read, too, and those that ask for what is done anyway (`protocol=3`) are accepted.
//
// Thread-safety: values and pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "redis/address.hpp"

namespace wx::redis {

// The arguments of AUTH.
struct Credentials {
  std::string user;  // "default" when only a password is given
  std::string password;
  bool authenticate = false;  // false: no AUTH; user and password are empty

  friend bool operator==(const Credentials&, const Credentials&) = default;
};

struct Url {
  Address address;
  Credentials credentials;
  std::uint32_t database = 0;

  friend bool operator==(const Url&, const Url&) = default;
};

// Parses `text`. The error is bad_parameter with a sentence for the person who wrote the URL; it never contains any
// part of the user or the password, nor text that might be a piece of them.
[[nodiscard]] Result<Url> parse_url(std::string_view text);

// The URL for a log line: without the password, with port and database only where they are not the default.
[[nodiscard]] std::string describe(const Url& url);

}  // namespace wx::redis
