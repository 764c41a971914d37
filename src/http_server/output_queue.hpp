// The unsent part of one connection's answers: heads and small bodies as copied bytes, and large bodies between them by
// reference. A body is released as soon as its last byte is written.
//
// Thread-safety: none; belongs to its connection's thread.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "http_server/buffers.hpp"
#include "http_server/read_watch.hpp"
#include "http_server/response.hpp"

namespace wx::http_server {

class OutputQueue {
 public:
  // Borrows the memory of the copied bytes from `buffers`, which must outlive this object.
  explicit OutputQueue(Buffers& buffers) : buffers_(buffers) {}
  OutputQueue(const OutputQueue&) = delete;
  OutputQueue& operator=(const OutputQueue&) = delete;
  ~OutputQueue() { clear(); }

  void append(const ResponseHead& head, std::initializer_list<BodyPart> body) {
    if (empty()) buffers_.lend(bytes_);
    append_response(bytes_, kept_, head, body);
  }

  [[nodiscard]] bool empty() const { return bytes_.empty() && kept_.empty(); }
  // The bytes that the queue holds: all bytes copied since it was last empty, and the unsent bytes of its bodies.
  [[nodiscard]] std::size_t size() const {
    std::size_t size = bytes_.size();
    for (const auto& kept : kept_) size += kept.body.size();
    return size;
  }

  // The memory of the copied bytes.
  [[nodiscard]] std::size_t memory() const { return bytes_.capacity() + kept_.capacity() * sizeof(KeptBody); }
  // Frees the bytes that are sent already and what is reserved for more, if that is worth a copy of the rest. Call it
  // before a wait.
  void shrink();

  // Writes once to a non-blocking socket. The queue is empty afterwards if the kernel accepted everything. After an
  // error it is unchanged.
  void write(Socket& socket, error_code& error);

  // Drops all unsent bytes.
  void clear();

 private:
  [[nodiscard]] std::size_t gather(Socket& socket, error_code& error) const;
  void advance(std::size_t count);

  Buffers& buffers_;
  std::string bytes_;           // [sent_, size) is unsent
  std::size_t sent_ = 0;        // at most the position of the first body
  std::vector<KeptBody> kept_;  // unsent bodies, in order; a partly sent first one is already shortened
};

}  // namespace wx::http_server
