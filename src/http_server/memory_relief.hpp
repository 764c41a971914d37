// Keeps the bytes of all connections within their limit (connection_memory.hpp), and returns freed memory to the
// system.
//
// Thread-safety: the server's thread.
#pragma once

#include "http_server/server_context.hpp"

namespace wx::http_server {

// Closes the connections that hold the most bytes, among equals those that made no progress for the longest time, until
// an eighth of the limit, or of the server's share, is free again. Does nothing within the limit.
void relieve_memory(ServerContext& server);

// Measures a quarter of the connections that wait for their client again, because the kernel's buffers change without
// an event. Also finds those that have become idle since the last call, but whose clients have not taken their answers.
// Called four times a second, it costs one system call per second for each of the former, and one for each of the
// latter.
void measure_waiting(ServerContext& server);

// Returns the memory of connections that are closed to the system, once it is worth a pause of some milliseconds.
void return_freed_memory(ServerContext& server);

}  // namespace wx::http_server
