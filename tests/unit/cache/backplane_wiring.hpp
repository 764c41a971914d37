// Gives the events of a client to a backplane, as an I/O thread of the program does.
#pragma once

#include "cache/backplane.hpp"
#include "redis/client.hpp"

namespace wx::cache {

// Before client.start(). The backplane must outlive the client's last callback.
inline void wire(redis::Client& client, Backplane& backplane) {
  client.on_connected([&backplane] { backplane.connected(); });
  client.on_disconnected([&backplane] { backplane.disconnected(); });
  client.on_push([&backplane](const redis::Reply& push) { backplane.push(push); });
}

}  // namespace wx::cache
