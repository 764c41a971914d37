#include "redis/command_encoder.hpp"

#include <array>
#include <charconv>

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

// Appends the end of the line before, and the length of the argument that follows. In one piece, because a load sends
// more than twenty arguments.
void append_length(std::string& out, std::size_t length) {
  std::array<char, 32> piece{'\r', '\n', '$'};  // and 20 digits at most, \r, \n
  char* end = std::to_chars(piece.data() + 3, piece.data() + piece.size(), length).ptr;
  *end++ = '\r';
  *end++ = '\n';
  append(out, std::string_view(piece.data(), static_cast<std::size_t>(end - piece.data())));
}

}  // namespace

void append_command(std::string& out, std::span<const Argument> arguments) {
  append(out, '*');
  append(out, arguments.size());
  for (const Argument& argument : arguments) {
    append_length(out, argument.size());
    append(out, argument.head());
    if (!argument.body().empty()) append_body(out, argument.body());
  }
  append(out, "\r\n");
}

}  // namespace wx::redis
