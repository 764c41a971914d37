// A TCP proxy in front of a server of the test's, which can turn into a bad network.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string_view>

namespace wx::test {

using std::chrono::milliseconds;

// Forwards both ways between 127.0.0.1:port() and 127.0.0.1:<upstream> until told otherwise.
// Thread-safety: all members may be called from any thread.
class BlackHole {
 public:
  explicit BlackHole(std::uint16_t upstream);
  ~BlackHole();

  [[nodiscard]] std::uint16_t port() const;

  // Connections that stand now stay open for ever and carry nothing more, whatever comes; new ones work.
  void swallow_connections();
  // As above, and new connections are accepted and carry nothing either, until heal().
  void swallow_everything();
  // New connections work again (those once swallowed never do), and what was to be answered here is forwarded again.
  void heal();
  // Closes all connections with RST.
  void reset_connections();
  // As above, and new connections end the same way, until heal().
  void reset_everything();
  // Every command of a Redis client is answered here, with these bytes, instead of being forwarded, until heal().
  void answer_commands(std::string_view bytes);
  // Connections are reset, and new ones are told these bytes unasked and closed, until heal().
  void turn_away(std::string_view bytes);
  // New connections lead to another server from now on.
  void lead_to(std::uint16_t upstream);
  // Each piece of data waits so long in both directions.
  void delay(milliseconds span);

  [[nodiscard]] std::size_t accepted() const;  // connections so far
  [[nodiscard]] bool wait_for_accepted(std::size_t count, milliseconds timeout = milliseconds(10000)) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace wx::test
