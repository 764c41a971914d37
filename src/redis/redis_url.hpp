// REDIS_URL, taken apart.
//
//   redis://[[user]:password@]host[:port][/db][?db=n]     plain TCP      (valkey:// is the same)
//   rediss://...                                          TCP with TLS   (valkeys:// is the same)
//   unix://[[user]:password@]/path/to/socket[?db=n]       a local socket
//
// User, password and the socket's path are percent-decoded; an IPv6 address stands in brackets. The other query keys
// are `user` and `password`, for those who find the part before the @ hard to read.
//
// Thread-safety: values and pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace wx::redis {

struct Url {
  bool tls = false;
  // A host name or an address without brackets; empty for a unix socket.
  std::string host;
  std::uint16_t port = 6379;
  // The path of a unix socket; empty for TCP.
  std::string socket_path;
  // "default" when only a password was given; both empty when Redis is to be used without AUTH.
  std::string user;
  std::string password;
  bool authenticate = false;
  std::uint32_t database = 0;

  [[nodiscard]] bool is_unix() const { return !socket_path.empty(); }
  friend bool operator==(const Url&, const Url&) = default;
};

// The parts of `text`, or bad_parameter with a sentence for the person who wrote it. The sentence never contains
// anything of the user or the password, nor text that might be a piece of them.
[[nodiscard]] Result<Url> parse_url(std::string_view text);

// The URL for a log line: without password, port and database only where they matter.
[[nodiscard]] std::string describe(const Url& url);

}  // namespace wx::redis
