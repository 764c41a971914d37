// The first words of a connection: HELLO 3 with AUTH, SELECT when a database is named, a name for CLIENT LIST, and PING
// to learn whether the server already answers questions. All in one write; this kernel reads the replies.
//
// Only HELLO and SELECT can end it (a wrong database would be written to), and PING when it says that the data is being
// loaded or that a replica has no master: such a server is asked again later. CLIENT SETNAME and CLIENT SETINFO are
// courtesies; servers that do not know or do not allow them are as good.
//
// A pure kernel. Thread-safety: none.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "redis/redis_url.hpp"
#include "redis/reply.hpp"

namespace wx::redis {

class Handshake {
 public:
  enum class Progress : std::uint8_t { more, ready, refused };
  // Whether asking again soon can help.
  enum class Patience : std::uint8_t { soon, slow };

  explicit Handshake(const Url& url);

  // Appends its commands.
  void append_to(std::string& out);
  // Takes the next reply. After `ready` or `refused` it wants no more.
  [[nodiscard]] Progress on_reply(const Reply& reply);

  // Whether HELLO has been answered (that reply measures the round trip).
  [[nodiscard]] bool greeted() const { return at_ > 0; }
  // The server's version, once ready: "7.0.15"; empty if it did not say.
  [[nodiscard]] const std::string& version() const { return version_; }
  // Whether the server said that it is a replica; false also if it did not say.
  [[nodiscard]] bool replica() const { return replica_; }
  // Why it was refused: a sentence for the log, without anything secret.
  [[nodiscard]] const std::string& refusal() const { return refusal_; }
  [[nodiscard]] Patience patience() const { return patience_; }

 private:
  enum class Asked : std::uint8_t { hello, select, courtesy, ping };

  Progress on_hello(const Reply& reply);
  Progress refuse(std::string sentence, Patience patience);
  // The server's words, unless they repeat ours.
  [[nodiscard]] std::string quoted(std::string_view text) const;

  const Url& url_;
  std::vector<Asked> asked_;
  std::size_t at_ = 0;
  std::string version_;
  bool replica_ = false;
  std::string refusal_;
  Patience patience_ = Patience::soon;
};

}  // namespace wx::redis
