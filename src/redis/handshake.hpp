// The handshake of a connection: HELLO 3 with AUTH, SELECT when a database is named, a name for CLIENT LIST, and PING
// to learn whether the server is ready. All commands leave in one write; this kernel reads the replies.
//
// HELLO and SELECT can refuse the connection (otherwise the client would write into the wrong database). PING refuses
// it only for now, when the server is loading its data or is a replica without a master. CLIENT SETNAME and CLIENT
// SETINFO are optional: a server that does not know or does not allow them is used all the same.
//
// A pure kernel. Thread-safety: none.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "redis/backoff.hpp"
#include "redis/redis_url.hpp"
#include "redis/reply.hpp"

namespace wx::redis {

class Handshake {
 public:
  enum class Progress : std::uint8_t { more, ready, refused };

  Handshake(Credentials credentials, std::uint32_t database);

  // Appends the handshake's commands.
  void append_to(std::string& out);
  // Takes the next reply. Not to be called after `ready` or `refused`.
  [[nodiscard]] Progress on_reply(const Reply& reply);

  // Whether HELLO was answered. That reply measures the round trip.
  [[nodiscard]] bool greeted() const { return at_ > 0; }
  // The server's version once ready ("7.0.15"); empty if the server did not say.
  [[nodiscard]] const std::string& version() const { return version_; }
  // Whether the server said that it is a replica; false if it did not say.
  [[nodiscard]] bool replica() const { return replica_; }
  // Why the connection is refused: a sentence for the log, without secrets.
  [[nodiscard]] const std::string& refusal() const { return refusal_; }
  [[nodiscard]] RetryDelay retry_delay() const { return retry_delay_; }

 private:
  enum class Asked : std::uint8_t { hello, select, optional, ping };

  Progress on_hello(const Reply& reply);
  Progress refuse(std::string sentence, RetryDelay retry_delay);
  // The server's error text, cut short, and without the password if the server repeats it or a part of it.
  [[nodiscard]] std::string quoted(std::string_view text) const;

  const Credentials credentials_;
  const std::uint32_t database_;
  std::vector<Asked> asked_;
  std::size_t at_ = 0;
  std::string version_;
  bool replica_ = false;
  std::string refusal_;
  RetryDelay retry_delay_ = RetryDelay::soon;
};

}  // namespace wx::redis
