// What the Redis client needs to know.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

#include "redis/redis_url.hpp"

namespace wx::redis {

struct RedisOptions {
  Url url;
  // REDIS_TLS: TLS although the URL says redis://. Has no meaning for a unix socket.
  bool tls = false;
  // REDIS_CA_FILE: a PEM file with the certificates to trust; empty = those of the system.
  std::string ca_file;
  // REDIS_TIMEOUT: how long a command waits for its reply. Empty = auto: three times the round trip measured at the
  // handshake, at least 50 ms and at most 300 ms.
  std::optional<std::chrono::milliseconds> timeout;
  // Commands without a reply, those that wait for the first connection included; more fail at once.
  std::size_t max_in_flight = 10'000;
  // Bytes of commands that are not yet written; more fail at once.
  std::size_t max_unsent_bytes = std::size_t{32} << 20;
  // Bytes of one reply; a larger one is a protocol error and closes the connection.
  std::size_t max_reply_bytes = std::size_t{64} << 20;

  [[nodiscard]] bool wants_tls() const { return (tls || url.tls) && !url.is_unix(); }
};

}  // namespace wx::redis
