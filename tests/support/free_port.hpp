// A TCP port on 127.0.0.1 that is free at the moment. Another program may take it, so the caller must be ready to try
// again. Prefer port 0 for a server that can report its port.
#pragma once

#include <cstdint>

namespace wx::test {

[[nodiscard]] std::uint16_t free_port();

}  // namespace wx::test
