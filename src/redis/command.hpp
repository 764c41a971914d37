// A command as a caller hands it to the client.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "redis/reply.hpp"

namespace wx::redis {

// One argument of a command, as a view: a text, or two that the server receives as one. The second form spares the
// caller of a large value a copy that only joins a head and a body.
class Argument {
 public:
  Argument(std::string_view text) : head_(text) {}    // NOLINT(google-explicit-constructor): an argument is a text
  Argument(const std::string& text) : head_(text) {}  // NOLINT(google-explicit-constructor): as above
  Argument(const char* text) : head_(text) {}         // NOLINT(google-explicit-constructor): as above
  Argument(std::string_view head, std::string_view body) : head_(head), body_(body) {}

  [[nodiscard]] std::size_t size() const { return head_.size() + body_.size(); }
  [[nodiscard]] std::string_view head() const { return head_; }
  // Follows the head; empty for a single text.
  [[nodiscard]] std::string_view body() const { return body_; }

 private:
  std::string_view head_;
  std::string_view body_;
};

// One command of a pipeline. The client copies the texts before pipeline() returns.
struct Command {
  std::span<const Argument> arguments;
  Callback done;
  // Optional. Receives the reply, or the server's error, of a command whose deadline has passed, if it still arrives on
  // the same connection; `done` has received redis_timeout before. A timeout does not say whether the command was
  // carried out, and this does. It is destroyed without being called if the reply comes in time or never.
  Callback late = nullptr;
};

}  // namespace wx::redis
