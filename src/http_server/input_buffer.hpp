// The bytes of one connection's requests that are not answered yet.
//
// A head is parsed in one piece, in a block that is borrowed while there is input in hand. The beginning of a head
// whose rest has not arrived is set aside in as little memory as it needs, so a connection that waits owns no block.
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
  // Borrows its blocks from `buffers`, which must outlive it.
  explicit InputBuffer(Buffers& buffers) : buffers_(buffers) {}
  InputBuffer(const InputBuffer&) = delete;
  InputBuffer& operator=(const InputBuffer&) = delete;
  ~InputBuffer() { release(); }

  // Reads once from a non-blocking socket and puts the bytes behind those set aside. Call it only while nothing is in
  // hand. After an error, which includes would_block and the end of the stream, nothing is in hand and the bytes set
  // aside remain.
  void read(Socket& socket, error_code& error);
  // Reads once and drops the bytes. Gives their number.
  std::size_t discard(Socket& socket, error_code& error);
  // Whether the last read left bytes, or the end of the stream, unread. An edge-triggered wait would not report them.
  [[nodiscard]] bool more_to_read() const { return more_to_read_; }
  // Call it when an edge was used up without a read.
  void expect_more() { more_to_read_ = true; }

  [[nodiscard]] bool in_hand() const { return block_ != nullptr; }
  // The bytes in hand.
  [[nodiscard]] std::string_view bytes() const { return {data(), static_cast<std::size_t>(end_ - begin_)}; }
  [[nodiscard]] const char* data() const { return block_->data() + begin_; }
  [[nodiscard]] bool empty() const { return begin_ == end_; }
  // Drops the first `size` bytes in hand.
  void consume(std::uint16_t size) { begin_ = static_cast<std::uint16_t>(begin_ + size); }

  // Copies the bytes in hand out of the block and returns the block.
  void set_aside();
  [[nodiscard]] bool has_partial() const { return !partial_.empty(); }
  // Drops the bytes in hand and returns the block.
  void release();

 private:
  std::size_t receive(Socket& socket, char* to, std::size_t room, error_code& error);

  Buffers& buffers_;
  InputBlock block_;  // only while there is input in hand: [begin_, end_)
  std::uint16_t begin_ = 0;
  std::uint16_t end_ = 0;
  bool more_to_read_ = false;
  std::string partial_;
};

}  // namespace wx::http_server
