// Tells refusals, which say nothing about the health of the server, from failures.
// Thread-safety: pure functions.
#pragma once

#include "base/error.hpp"

namespace wx::redis {

// Whether the server works but refuses this command: it is full or a replica, or lacks permission or disk. Its values
// can still be read, so this is no failure of the server. Every other error is one, even LOADING: the server cannot
// answer yet.
[[nodiscard]] bool is_refusal(const Error& error);

// Whether the refusal lasts until a person or a failover changes the server: it is a replica, or lacks permission. A
// server that is full, or short of disk or replicas, may take the next command.
[[nodiscard]] bool is_lasting_refusal(const Error& error);

}  // namespace wx::redis
