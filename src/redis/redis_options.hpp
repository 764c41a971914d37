// The settings of the Redis client.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

#include "redis/redis_url.hpp"

namespace wx::redis {

struct RedisOptions {
  Url url;
  // REDIS_TLS: use TLS although the URL says redis://. No effect on a unix socket.
  bool tls = false;
  // REDIS_CA_FILE: a PEM file with the certificates to trust; empty: those of the system.
  std::string ca_file;
  // REDIS_TIMEOUT: how long a command waits for its reply. Empty means auto: three times the round trip measured during
  // the handshake, at least 50 ms and at most 300 ms.
  std::optional<std::chrono::milliseconds> timeout;
  // The most commands without a reply, including those that wait for the first connection. Further ones fail at once.
  std::size_t max_in_flight = 10'000;
  // The most bytes of commands that are not written yet. Further commands fail at once.
  std::size_t max_unsent_bytes = std::size_t{32} << 20;
  // The most bytes of one reply. A larger one is a protocol error and closes the connection.
  std::size_t max_reply_bytes = std::size_t{64} << 20;

  [[nodiscard]] bool wants_tls() const { return (tls || url.address.tls) && !url.address.is_unix(); }
};

}  // namespace wx::redis
