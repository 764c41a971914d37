// gzip (RFC 1952) by zlib: a bounded decoder that takes its input in pieces, and one call for each direction.
//
// Several members one after the other are one body (RFC 1952 §2.2). Bytes after the last member are damage.
//
// Thread-safety: one Inflater is for one thread at a time; the functions are pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace wx {

enum class GzipFault : std::uint8_t {
  damaged,    // not gzip, or a checksum or length that is wrong, or other bytes after the end
  cut_short,  // the end is missing
  too_large,  // more decoded bytes than the limit
};

// What is wrong, to be put behind the name of the thing: "is damaged".
[[nodiscard]] std::string_view describe(GzipFault fault);

// Decodes a body piece by piece. Its memory does not depend on the body: some 64 KiB.
class Inflater {
 public:
  // Receives decoded bytes, at most kMostPerCall at once, which are valid during the call only.
  using Sink = std::function<void(std::string_view)>;
  static constexpr std::size_t kMostPerCall = 16UL * 1024;

  // `limit` is the most decoded bytes that a body may have.
  explicit Inflater(std::size_t limit);
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater();

  // Decodes the next piece. No byte beyond the limit reaches `sink`. A fault is final: later calls return it again and
  // decode nothing.
  std::expected<void, GzipFault> feed(std::string_view piece, const Sink& sink);

  // To be called after the last piece: whether the body is whole.
  [[nodiscard]] std::expected<void, GzipFault> finish() const;

  // Decoded bytes so far.
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  struct Stream;
  std::expected<void, GzipFault> set(GzipFault fault);

  std::unique_ptr<Stream> stream_;
  std::size_t limit_;
  std::size_t size_ = 0;
  bool at_end_of_member_ = false;
  std::expected<void, GzipFault> state_;
};

// The decoded form of a whole body of at most `limit` decoded bytes.
[[nodiscard]] std::expected<std::string, GzipFault> inflate_gzip(std::string_view bytes, std::size_t limit);

// `bytes` as one gzip member, without name and time, so that equal bytes give equal results. `level` is 1 (fastest) to
// 9 (smallest).
[[nodiscard]] std::string deflate_gzip(std::string_view bytes, int level);

}  // namespace wx
