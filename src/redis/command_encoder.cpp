#include "redis/command_encoder.hpp"

#include "base/text.hpp"

namespace wx::redis {
namespace {

// Room for the rest of a command with a body and for the short commands of the same pipeline. Without it, appending
// those would make the buffer grow once more and copy the body again.
constexpr std::size_t kRoomBehindBody = 1024;

void append_body(std::string& out, std::string_view body) {
  const std::size_t size = out.size() + body.size() + kRoomBehindBody;
  if (size > out.capacity()) out.reserve(size);
  append(out, body);
}

}  // namespace

void append_command(std::string& out, std::span<const Argument> arguments) {
  append(out, '*');
  append(out, arguments.size());
  append(out, "\r\n");
  for (const Argument& argument : arguments) {
    append(out, '$');
    append(out, argument.size());
    append(out, "\r\n");
    append(out, argument.head());
    if (!argument.body().empty()) append_body(out, argument.body());
    append(out, "\r\n");
  }
}

}  // namespace wx::redis
