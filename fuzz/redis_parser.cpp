// Random bytes, cut at random: the parser never crashes, and its result does not depend on the cuts.
//
// The first bytes of the input say where to cut; the rest is what the server sends.

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "redis/reply_parser.hpp"
#include "require.hpp"

namespace {

using wx::fuzz::require;
using wx::redis::Kind;
using wx::redis::Reply;
using wx::redis::ReplyLimits;
using wx::redis::ReplyParser;

// Small, so that the fuzzer reaches the limits.
constexpr ReplyLimits kLimits{.bytes = 2048, .line = 128, .elements = 64, .depth = 4};

// Appends every byte that can be reached through a reply, in order.
void walk(const Reply& reply, std::string& out) {
  out.push_back(static_cast<char>('a' + static_cast<int>(reply.kind())));
  out.append(reply.text());
  out.append(std::to_string(reply.integer()));
  const double real = reply.real();
  out.append(reinterpret_cast<const char*>(&real), sizeof real);
  out.push_back(reply.boolean() ? 't' : 'f');
  out.append(std::to_string(reply.size()));
  std::size_t count = 0;
  for (const Reply element : reply) {
    ++count;
    walk(element, out);
  }
  require(count == reply.size());
}

std::string parse(std::string_view bytes, std::string_view cuts) {
  ReplyParser parser(kLimits);
  std::string out;
  bool broken = false;
  std::size_t turn = 0;
  while (!bytes.empty() && !broken) {
    const std::size_t wanted =
        cuts.empty() ? bytes.size() : static_cast<unsigned char>(cuts[turn++ % cuts.size()]) % 32 + std::size_t{1};
    const std::size_t count = std::min(wanted, bytes.size());
    const auto room = parser.prepare(count);
    std::memcpy(room.data(), bytes.data(), count);
    parser.commit(count);
    bytes.remove_prefix(count);
    while (true) {
      const auto progress = parser.next();
      if (progress == ReplyParser::Progress::broken) broken = true;
      if (progress != ReplyParser::Progress::reply) break;
      walk(parser.reply(), out);
      out.push_back('\n');
    }
  }
  require(!broken || !parser.fault().empty());
  out.append(broken ? "broken" : "fine");
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t head = std::min<std::size_t>(8, size);
  const std::string_view bytes = input.substr(head);
  const std::string whole = parse(bytes, {});
  require(parse(bytes, input.substr(0, head)) == whole);
  require(parse(bytes, std::string_view("\0", 1)) == whole);  // one byte at a time
  return 0;
}
