// Replies as readable text, and texts as replies, for the tests of this room.
#pragma once

#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.hpp"
#include "redis/reply_parser.hpp"

namespace wx::redis::test {

// [1,"a",null] for arrays, {..} maps, <..> sets, >.. pushes, !text errors.
inline std::string shown(const Reply& reply) {
  const auto list = [&](std::string_view open, std::string_view close) {
    std::string out(open);
    bool first = true;
    for (const Reply element : reply) {
      if (!first) out += ',';
      first = false;
      out += shown(element);
    }
    return out += close;
  };
  switch (reply.kind()) {
    case Kind::null:
      return "null";
    case Kind::text:
    case Kind::verbatim:
      return cat("\"", reply.text(), "\"");
    case Kind::error:
      return cat("!", reply.text());
    case Kind::integer:
      return cat(reply.integer());
    case Kind::real: {
      std::string out;
      append_fixed(out, reply.real(), 3);
      return out;
    }
    case Kind::boolean:
      return reply.boolean() ? "true" : "false";
    case Kind::big_number:
      return cat("(", reply.text());
    case Kind::array:
      return list("[", "]");
    case Kind::set:
      return list("<", ">");
    case Kind::map:
      return list("{", "}");
    case Kind::push:
      return list(">[", "]");
  }
  return "?";
}

// The outcome of parsing some bytes.
struct Parsed {
  std::vector<std::string> replies;
  bool broken = false;
  friend bool operator==(const Parsed&, const Parsed&) = default;
};

// Feeds `pieces` in order.
inline Parsed parse(const std::vector<std::string_view>& pieces, ReplyLimits limits = {}) {
  ReplyParser parser(limits);
  Parsed out;
  for (const std::string_view piece : pieces) {
    const auto room = parser.prepare(piece.size() + 1);
    std::memcpy(room.data(), piece.data(), piece.size());
    parser.commit(piece.size());
    while (true) {
      const auto progress = parser.next();
      if (progress == ReplyParser::Progress::broken) out.broken = true;
      if (progress != ReplyParser::Progress::reply) break;
      out.replies.push_back(shown(parser.reply()));
    }
  }
  return out;
}

// One reply, which stays valid as long as this object.
class OneReply {
 public:
  explicit OneReply(std::string_view bytes) {
    const auto room = parser_.prepare(bytes.size());
    std::memcpy(room.data(), bytes.data(), bytes.size());
    parser_.commit(bytes.size());
    whole_ = parser_.next() == ReplyParser::Progress::reply;
  }
  [[nodiscard]] bool whole() const { return whole_; }
  [[nodiscard]] Reply operator*() const { return parser_.reply(); }

 private:
  ReplyParser parser_;
  bool whole_ = false;
};

}  // namespace wx::redis::test
