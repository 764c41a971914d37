#include "redis/handshake.hpp"

#include <initializer_list>
#include <utility>

#include "base/secret.hpp"
#include "base/text.hpp"
#include "redis/command_encoder.hpp"

namespace wx::redis {

Handshake::Handshake(Credentials credentials, std::uint32_t database)
    : credentials_(std::move(credentials)), database_(database) {}

void Handshake::append_to(std::string& out) {
  const auto ask = [&](Asked what, std::initializer_list<Argument> arguments) {
    append_command(out, {arguments.begin(), arguments.size()});
    asked_.push_back(what);
  };
  if (credentials_.authenticate) {
    ask(Asked::hello, {"HELLO", "3", "AUTH", credentials_.user, credentials_.password});
  } else {
    ask(Asked::hello, {"HELLO", "3"});
  }
  if (database_ != 0) ask(Asked::select, {"SELECT", cat(database_)});
  ask(Asked::optional, {"CLIENT", "SETNAME", "weather-cache"});
  ask(Asked::optional, {"CLIENT", "SETINFO", "LIB-NAME", "weather-cache"});
  ask(Asked::ping, {"PING"});
}

Handshake::Progress Handshake::on_reply(const Reply& reply) {
  const Asked asked = asked_[at_++];
  switch (asked) {
    case Asked::hello:
      return on_hello(reply);
    case Asked::select:
      if (!reply.is_error()) return Progress::more;
      return refuse(cat("Redis refused database ", database_, ": ", quoted(reply.text())), RetryDelay::slow);
    case Asked::optional:
      return Progress::more;
    case Asked::ping:
      break;
  }
  const auto text = reply.is_error() ? reply.text() : std::string_view{};
  if (text.starts_with("LOADING")) return refuse("Redis is still loading its data", RetryDelay::soon);
  if (text.starts_with("MASTERDOWN")) return refuse("Redis is a replica without its master", RetryDelay::soon);
  // Any other answer shows a server that is ready, even an error because an ACL forbids PING.
  return Progress::ready;
}

Handshake::Progress Handshake::on_hello(const Reply& reply) {
  if (reply.kind() == Kind::map) {
    for (auto at = reply.begin(); at != reply.end();) {
      const Reply key = *at++;
      const Reply value = *at++;
      if (key.text() == "version") version_ = value.text();
      if (key.text() == "role") replica_ = value.text() == "replica" || value.text() == "slave";
    }
    return Progress::more;
  }
  const auto text = reply.text();
  if (!reply.is_error()) return refuse("the server does not speak RESP3: it needs Redis 6 or later", RetryDelay::slow);
  if (text.starts_with("NOPROTO") || text.starts_with("ERR unknown command")) {
    return refuse("the server does not speak RESP3: it needs Redis 6 or later", RetryDelay::slow);
  }
  if (text.starts_with("WRONGPASS")) {
    return refuse("Redis refused the user or password of REDIS_URL (WRONGPASS)", RetryDelay::slow);
  }
  if (text.starts_with("NOAUTH")) {
    return refuse("Redis wants a password and REDIS_URL has none (NOAUTH): redis://user:password@host",
                  RetryDelay::slow);
  }
  if (text.starts_with("ERR Client sent AUTH, but no password is set") ||
      text.starts_with("ERR AUTH <password> called without any password")) {
    return refuse("REDIS_URL has a password, but Redis has none set", RetryDelay::slow);
  }
  if (text.starts_with("LOADING")) return refuse("Redis is still loading its data", RetryDelay::soon);
  if (text.starts_with("MASTERDOWN")) return refuse("Redis is a replica without its master", RetryDelay::soon);
  const bool busy = text.find("max number of clients") != std::string_view::npos;
  return refuse(cat("Redis refused the connection: ", quoted(text)), busy ? RetryDelay::soon : RetryDelay::slow);
}

Handshake::Progress Handshake::refuse(std::string sentence, RetryDelay retry_delay) {
  refusal_ = std::move(sentence);
  retry_delay_ = retry_delay;
  return Progress::refused;
}

std::string Handshake::quoted(std::string_view text) const {
  constexpr std::size_t kMost = 200;
  // Some servers repeat a command that they do not understand.
  if (repeats_secret(text, credentials_.password)) {
    text = text.substr(0, text.find(' '));
    if (repeats_secret(text, credentials_.password)) return "(not shown)";
  }
  std::string out;
  for (const char c : text.substr(0, kMost)) out.push_back(static_cast<unsigned char>(c) < 0x20 ? ' ' : c);
  return out;
}

}  // namespace wx::redis
