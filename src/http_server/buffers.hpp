// A pool of buffers. A connection borrows a buffer while it holds bytes and returns it before it waits. So an idle
// connection owns none, and a busy thread reuses a few buffers that stay in the CPU's cache.
//
// Thread-safety: none; one per thread.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "http_server/head_parser.hpp"

namespace wx::http_server {

// As large as the largest head, so that a head is always contiguous.
using InputBlock = std::unique_ptr<std::array<char, kMaxHead>>;

class Buffers {
 public:
  Buffers() {
    inputs_.reserve(kKept);
    outputs_.reserve(kKept);
  }

  [[nodiscard]] InputBlock take_input() {
    if (inputs_.empty()) return std::make_unique_for_overwrite<std::array<char, kMaxHead>>();
    InputBlock block = std::move(inputs_.back());
    inputs_.pop_back();
    return block;
  }
  void give_back(InputBlock block) {
    if (block && inputs_.size() < kKept) inputs_.push_back(std::move(block));
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

  std::vector<InputBlock> inputs_;
  std::vector<std::string> outputs_;
};

}  // namespace wx::http_server
