#include "redis/command_encoder.hpp"

#include "base/text.hpp"

namespace wx::redis {

void append_command(std::string& out, std::span<const std::string_view> arguments) {
  append(out, '*');
  append(out, arguments.size());
  append(out, "\r\n");
  for (const std::string_view argument : arguments) {
    append(out, '$');
    append(out, argument.size());
    append(out, "\r\n");
    append(out, argument);
    append(out, "\r\n");
  }
}

}  // namespace wx::redis
