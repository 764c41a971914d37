// The incremental RESP3 parser. It takes bytes however they are cut, and gives whole replies as views into its one read
// buffer.
//
// The bytes of the current reply stay together at the front of the buffer. The parser walks over them once, appends one
// node per value to a flat list, and keeps a stack of the aggregates that are still open. When the bytes run out it
// stops, and continues from there when more arrive; only a line that was cut is scanned twice. The reply is whole when
// the stack is empty. An attribute (|) is parsed like a map and then removed from the list, because the client does not
// use attributes.
//
// Limits on depth, elements, and bytes per line and per reply bound the work that a server can cause. Memory follows
// the bytes received, never an announced length. Streamed strings and aggregates ($? *? ; .) are refused: no server
// sends them unless asked.
//
//   auto room = parser.prepare(); ... read into it ...; parser.commit(n);
//   while (parser.next() == ReplyParser::Progress::reply) use(parser.reply());
//
// Thread-safety: none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "redis/reply.hpp"

namespace wx::redis {

struct ReplyLimits {
  std::size_t bytes = std::size_t{64} << 20;  // of one reply
  std::size_t line = std::size_t{64} << 10;   // of a simple string, simple error or number
  std::size_t elements = std::size_t{1} << 20;
  std::size_t depth = 16;
};

class ReplyParser {
 public:
  enum class Progress : std::uint8_t { need_more, reply, broken };

  static constexpr std::size_t kRoom = std::size_t{16} << 10;

  explicit ReplyParser(ReplyLimits limits = {});

  // Returns the place for the next bytes, at least `least` long. Invalidates the last reply.
  [[nodiscard]] std::span<char> prepare(std::size_t least = kRoom);
  // The caller has filled the first `count` bytes of that place.
  void commit(std::size_t count) { filled_ += count; }

  // Moves on to the next whole reply and invalidates the last one. `broken` is final.
  [[nodiscard]] Progress next();
  // The reply that next() announced; valid until the next call of next() or prepare().
  [[nodiscard]] Reply reply() const { return {nodes_.data(), buffer_.get() + start_}; }
  // The reason, when broken: a phrase without the server's bytes.
  [[nodiscard]] std::string_view fault() const { return fault_; }
  // When broken at a byte that starts no reply: that byte.
  [[nodiscard]] char next_byte() const { return at_ < filled_ ? buffer_[at_] : '\0'; }

 private:
  struct Open {
    std::uint32_t node;
    std::uint32_t missing;  // elements still to come
    bool attribute;
  };
  enum class Step : std::uint8_t { done, need_more, broken };

  Step value();
  Step line_value(char type, std::string_view line);
  Step bulk(char type, std::string_view line);
  Step aggregate(char type, std::string_view line);
  Step text(Kind kind, std::size_t offset, std::size_t length);
  Step add(const Reply::Node& node);
  // Counts the completed value in the aggregates around it, and completes the aggregates of which it was the last.
  void close();
  Step broken(std::string_view why);
  // The line after the type byte at at_, without CR LF; nothing if it is not whole.
  std::optional<std::string_view> line();

  const ReplyLimits limits_;
  std::unique_ptr<char[]> buffer_;
  std::size_t capacity_ = 0;
  std::size_t start_ = 0;    // of the reply under way
  std::size_t at_ = 0;       // the first byte that is not yet part of a node
  std::size_t scanned_ = 0;  // up to here no end of the line at at_ was found
  std::size_t filled_ = 0;
  std::vector<Reply::Node> nodes_;
  std::vector<Open> open_;
  bool whole_ = false;  // reply() may be called
  std::string_view fault_;
};

}  // namespace wx::redis
