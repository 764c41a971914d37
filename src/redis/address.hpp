// The place where one Redis server listens: TCP, TCP with TLS, or a local socket.
//
// A connection is dialled to an Address. A URL holds one, and later versions learn more of them from the servers
// themselves (Sentinel, Cluster); credentials and the database are not part of it.
//
// Thread-safety: a value.
#pragma once

#include <cstdint>
#include <string>

namespace wx::redis {

struct Address {
  bool tls = false;
  // A host name, or an IP address without brackets; empty for a unix socket.
  std::string host;
  std::uint16_t port = 6379;
  // The path of a unix socket; empty for TCP.
  std::string socket_path;

  [[nodiscard]] bool is_unix() const { return !socket_path.empty(); }
  friend bool operator==(const Address&, const Address&) = default;
};

}  // namespace wx::redis
