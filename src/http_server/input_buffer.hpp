// The received bytes of one connection's requests that are not yet answered.
//
// A head is parsed in one contiguous block, which is borrowed while there are bytes to process ("in hand"). The
// beginning of an incomplete head is set aside in a string of its size, so a waiting connection owns no block.
//
// Thread-safety: none; belongs to its connection's thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "http_server/buffers.hpp"
#include "http_server/read_watch.hpp"

namespace wx::http_server {

class InputBuffer {
 public:
  // Borrows its blocks from `buffers`, which must outlive this object.
  explicit InputBuffer(Buffers& buffers) : buffers_(buffers) {}
  InputBuffer(const InputBuffer&) = delete;
  InputBuffer& operator=(const InputBuffer&) = delete;
  ~InputBuffer() { release(); }

  // Reads once from a non-blocking socket and appends the bytes to those set aside; all are in hand then. Call it only
  // while nothing is in hand. After an error, including would_block and the end of the stream, nothing is in hand and
  // the bytes set aside are kept.
  void read(Socket& socket, error_code& error);
  // Reads once, drops the bytes and returns their number.
  std::size_t discard(Socket& socket, error_code& error);
  // Returns true if the last read left bytes or the end of the stream unread. An edge-triggered wait would not report
  // them.
  [[nodiscard]] bool more_to_read() const { return more_to_read_; }
  // Call it when an edge was consumed without a read.
  void expect_more() { more_to_read_ = true; }

  [[nodiscard]] bool in_hand() const { return static_cast<bool>(block_); }
  // The bytes in hand.
  [[nodiscard]] std::string_view bytes() const { return {data(), static_cast<std::size_t>(end_ - begin_)}; }
  [[nodiscard]] const char* data() const { return block_.bytes.get() + begin_; }
  [[nodiscard]] bool empty() const { return begin_ == end_; }
  // Drops the first `size` bytes in hand.
  void consume(std::uint16_t size) { begin_ = static_cast<std::uint16_t>(begin_ + size); }

  // Sets the bytes in hand aside and returns the block to the pool.
  void set_aside();
  [[nodiscard]] bool has_partial() const { return !partial_.empty(); }
  // Drops the bytes in hand and returns the block to the pool.
  void release();

  // The memory in use, in bytes.
  [[nodiscard]] std::size_t memory() const { return block_.size + partial_.capacity(); }

 private:
  std::size_t receive(Socket& socket, char* to, std::size_t room, error_code& error);

  Buffers& buffers_;
  InputBlock block_;  // null unless bytes are in hand: [begin_, end_)
  std::uint16_t begin_ = 0;
  std::uint16_t end_ = 0;
  bool more_to_read_ = false;
  bool large_next_ = false;  // the last read filled its block: the client sends much
  std::string partial_;
};

}  // namespace wx::http_server
