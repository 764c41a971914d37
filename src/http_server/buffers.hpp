// A pool of buffers. A connection borrows a buffer while it holds bytes and returns it before it waits. So an idle
// connection owns none, and a busy thread reuses a few buffers that stay in the CPU's cache.
//
// Thread-safety: none; one per thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "http_server/head_parser.hpp"

namespace wx::http_server {

// Memory for the bytes in hand of one connection. `large` blocks are as large as the largest head, so that a head is
// always contiguous. Most requests fit into a small one, which is what a request costs while its answer is outstanding.
struct InputBlock {
  std::unique_ptr<char[]> bytes;
  std::uint16_t size = 0;

  [[nodiscard]] explicit operator bool() const { return bytes != nullptr; }
};
inline constexpr std::uint16_t kSmallInput = 2 * 1024;

class Buffers {
 public:
  Buffers() {
    small_inputs_.reserve(kKept);
    large_inputs_.reserve(kKept);
    outputs_.reserve(kKept);
  }

  [[nodiscard]] InputBlock take_input(bool large) {
    auto& pool = large ? large_inputs_ : small_inputs_;
    const auto size = large ? static_cast<std::uint16_t>(kMaxHead) : kSmallInput;
    if (pool.empty()) return {.bytes = std::make_unique_for_overwrite<char[]>(size), .size = size};
    auto bytes = std::move(pool.back());
    pool.pop_back();
    return {.bytes = std::move(bytes), .size = size};
  }
  void give_back(InputBlock block) {
    auto& pool = block.size == kSmallInput ? small_inputs_ : large_inputs_;
    if (block && pool.size() < kKept) pool.push_back(std::move(block.bytes));
  }

  // Gives an empty string capacity, if a buffer is free.
  void lend(std::string& buffer) {
    if (outputs_.empty()) return;
    buffer = std::move(outputs_.back());
    outputs_.pop_back();
  }
  // Takes the buffer's memory and leaves an empty string.
  void give_back(std::string& buffer) {
    if (buffer.capacity() < kSmallestKept || buffer.capacity() > kLargestKept || outputs_.size() == kKept) {
      buffer = std::string();
      return;
    }
    buffer.clear();
    outputs_.push_back(std::move(buffer));
    buffer.clear();
  }

 private:
  static constexpr std::size_t kKept = 32;
  static constexpr std::size_t kSmallestKept = 64;  // a smaller buffer is not worth keeping
  static constexpr std::size_t kLargestKept = std::size_t{256} * 1024;

  std::vector<std::unique_ptr<char[]>> small_inputs_;
  std::vector<std::unique_ptr<char[]>> large_inputs_;
  std::vector<std::string> outputs_;
};

}  // namespace wx::http_server
