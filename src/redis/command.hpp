// A command as a caller hands it to the client.
#pragma once

#include <span>
#include <string_view>

#include "redis/reply.hpp"

namespace wx::redis {

// One command of a pipeline. The client copies the texts before pipeline() returns.
struct Command {
  std::span<const std::string_view> arguments;
  Callback done;
};

}  // namespace wx::redis
