// How a client stands with its server.
#pragma once

#include <cstdint>

namespace wx::redis {

enum class ConnectionState : std::uint8_t {
  connecting_first,  // from construction until the first attempt to connect has succeeded or failed
  up,
  down,
};

}  // namespace wx::redis
