// A TCP port on 127.0.0.1 that nobody listens on at the moment. Another program may take it before you do: who starts
// a server there must be ready to try again. Prefer binding port 0 wherever the server can say what it got.
#pragma once

#include <cstdint>

namespace wx::test {

[[nodiscard]] std::uint16_t free_port();

}  // namespace wx::test
