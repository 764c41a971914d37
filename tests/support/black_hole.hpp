// A TCP proxy in front of a test's server, which can turn into a bad network.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

namespace wx::test {

using std::chrono::milliseconds;

// Forwards both ways between 127.0.0.1:port() and 127.0.0.1:<upstream> unless told otherwise below.
// Thread-safety: all members may be called from any thread.
class BlackHole {
 public:
  explicit BlackHole(std::uint16_t upstream);
  ~BlackHole();

  [[nodiscard]] std::uint16_t port() const;

  // Swallows the present connections: they stay open for ever and carry nothing more. New ones work.
  void swallow_connections();
  // As above, and accepts new connections but carries nothing on them, until heal().
  void swallow_everything();
  // Makes new connections work again and forwards commands again. Swallowed connections stay dead.
  void heal();
  // Closes all connections with RST.
  void reset_connections();
  // As above, and resets new connections, too, until heal().
  void reset_everything();
  // Answers every command of a Redis client with these bytes instead of forwarding it, until heal().
  void answer_commands(std::string_view bytes);
  // Resets the present connections. Sends these bytes on each new one and closes it, until heal().
  void turn_away(std::string_view bytes);
  // Leads new connections to another server from now on.
  void lead_to(std::uint16_t upstream);
  // Delays each piece of data by this much, in both directions.
  void delay(milliseconds span);
  // Delays each piece of data by what `choose` says, which is called on the proxy's own thread. What follows a delayed
  // piece in the same direction waits behind it.
  enum class Direction : std::uint8_t { to_server, to_client };
  using ChooseDelay = std::function<milliseconds(Direction direction, std::string_view piece)>;
  void delay(ChooseDelay choose);

  [[nodiscard]] std::size_t accepted() const;  // connections so far
  [[nodiscard]] bool wait_for_accepted(std::size_t count, milliseconds timeout = milliseconds(10000)) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace wx::test
