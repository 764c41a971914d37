// A blocking stream socket with a deadline for every operation, for the test helpers.
#pragma once

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace wx::test {

using std::chrono::milliseconds;

// Thrown when the peer is unreachable, too slow, or resets the connection.
class SocketError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Owns one connection. Thread-safety: none.
class Socket {
 public:
  Socket() = default;
  explicit Socket(int descriptor) : descriptor_(descriptor) {}
  Socket(Socket&& other) noexcept : descriptor_(other.descriptor_) { other.descriptor_ = -1; }
  Socket& operator=(Socket&& other) noexcept;
  ~Socket() { close(); }

  // Throw SocketError without a connection within `timeout`.
  [[nodiscard]] static Socket connect(std::uint16_t port, milliseconds timeout);  // 127.0.0.1
  [[nodiscard]] static Socket connect_unix(const std::string& path, milliseconds timeout);

  // Writes all bytes, or throws SocketError.
  void write(std::string_view bytes, milliseconds timeout);
  // The bytes that have arrived, at least one; empty at the end of the stream. Throws SocketError on a reset or after
  // `timeout`.
  [[nodiscard]] std::string read_some(milliseconds timeout);

  void shutdown_write();
  void close();
  // Closes with RST instead of FIN.
  void reset();
  [[nodiscard]] int descriptor() const { return descriptor_; }
  [[nodiscard]] bool open() const { return descriptor_ >= 0; }

 private:
  int descriptor_ = -1;
};

}  // namespace wx::test
