// How much memory the kernel uses for a connected socket. No event tells when that changes.
//
// Thread-safety: pure functions of the socket.
#pragma once

#include <cstddef>

namespace wx::http_server {

struct SocketMemory {
  std::size_t unsent = 0;  // of what the client has not taken yet; 0 if it has taken everything
  std::size_t all = 0;     // of both directions
};

// The memory of the socket's buffers in bytes, with the kernel's own bookkeeping.
[[nodiscard]] SocketMemory socket_memory(int socket);

// The number of bytes that the client has not taken yet. The end of the stream counts as one.
[[nodiscard]] std::size_t unsent_bytes(int socket);

// Lets a close send a reset and forget what the client has not taken, which the kernel would keep for minutes.
void forget_unsent(int socket);

}  // namespace wx::http_server
