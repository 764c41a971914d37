#include "http_server/output_queue.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace wx::http_server {
namespace {

// The limit of pieces in one write. A connection stops answering at 64 KiB of queued output, so more than three bodies
// are rare.
constexpr std::size_t kMostPieces = 16;

// Less than this (bytes) is left unused rather than freed by a copy.
constexpr std::size_t kWorthACopy = 1024;

asio::const_buffer piece(std::string_view bytes) {
  return {bytes.data(), bytes.size()};
}

}  // namespace

void OutputQueue::write(Socket& socket, error_code& error) {
  if (kept_.empty()) {
    sent_ += socket.write_some(piece(std::string_view(bytes_).substr(sent_)), error);
  } else {
    advance(gather(socket, error));
  }
  if (kept_.empty() && sent_ == bytes_.size()) clear();
}

// Writes copied bytes and bodies in their order, with one system call. Returns the number of bytes written.
std::size_t OutputQueue::gather(Socket& socket, error_code& error) const {
  const std::string_view bytes = bytes_;
  std::array<asio::const_buffer, kMostPieces> pieces;
  std::size_t used = 0;
  std::size_t from = sent_;
  for (const auto& kept : kept_) {
    if (used + 2 > pieces.size()) break;
    pieces[used++] = piece(bytes.substr(from, kept.position - from));
    pieces[used++] = piece(kept.body);
    from = kept.position;
  }
  if (used == 2 * kept_.size() && used < pieces.size()) pieces[used++] = piece(bytes.substr(from));
  return socket.write_some(std::span<const asio::const_buffer>(pieces.data(), used), error);
}

// Removes the first `count` bytes of the queue, which may span copied bytes and bodies.
void OutputQueue::advance(std::size_t count) {
  while (!kept_.empty()) {
    auto& next = kept_.front();
    const std::size_t copied = std::min(count, next.position - sent_);
    sent_ += copied;
    count -= copied;
    const std::size_t shared = std::min(count, next.body.size());
    count -= shared;
    next.body = next.body.slice(shared);
    if (sent_ < next.position || !next.body.empty()) return;
    kept_.erase(kept_.begin());
  }
  sent_ += count;
}

void OutputQueue::shrink() {
  const std::size_t unsent = bytes_.size() - sent_;
  if (bytes_.capacity() - unsent < kWorthACopy) return;
  bytes_ = std::string(bytes_, sent_);
  for (auto& kept : kept_) kept.position -= sent_;
  sent_ = 0;
}

void OutputQueue::clear() {
  buffers_.give_back(bytes_);
  sent_ = 0;
  if (kept_.capacity() != 0) kept_ = {};
}

}  // namespace wx::http_server
