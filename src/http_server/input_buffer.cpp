#include "http_server/input_buffer.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <netinet/tcp.h>
#include <sys/socket.h>

namespace wx::http_server {
namespace {

// A larger string is freed at the next set_aside(), so that one large partial head does not hold memory for good.
constexpr std::size_t kSmallPartial = 512;

}  // namespace

void InputBuffer::read(Socket& socket, error_code& error) {
  block_ = buffers_.take_input(large_next_ || partial_.size() > kSmallInput / 2);
  std::memcpy(block_.bytes.get(), partial_.data(), partial_.size());
  begin_ = 0;
  end_ = static_cast<std::uint16_t>(partial_.size());
  const std::size_t room = block_.size - end_;
  const std::size_t n = receive(socket, block_.bytes.get() + end_, room, error);
  if (error) return release();
  large_next_ = n == room;
  partial_.clear();
  end_ = static_cast<std::uint16_t>(end_ + n);
}

std::size_t InputBuffer::discard(Socket& socket, error_code& error) {
  InputBlock block = buffers_.take_input(true);
  const std::size_t n = receive(socket, block.bytes.get(), block.size, error);
  buffers_.give_back(std::move(block));
  return n;
}

void InputBuffer::set_aside() {
  if (partial_.capacity() > kSmallPartial) partial_ = std::string();
  if (block_) partial_.assign(bytes());
  release();
}

void InputBuffer::release() {
  buffers_.give_back(std::exchange(block_, {}));
  begin_ = end_ = 0;
}

// With TCP_INQ the kernel reports with every read how many bytes remain (1 at the end of the stream), which saves
// another read to find out. Without TCP_INQ the socket is assumed to have more.
std::size_t InputBuffer::receive(Socket& socket, char* to, std::size_t room, error_code& error) {
  iovec part{to, room};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control;
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  ssize_t n = 0;
  do {
    n = ::recvmsg(socket.native_handle(), &message, MSG_DONTWAIT);
  } while (n < 0 && errno == EINTR);
  more_to_read_ = n > 0;
  if (n < 0) error.assign(errno, boost::system::system_category());
  if (n == 0) error = asio::error::eof;
  if (n <= 0) return 0;
  const cmsghdr* const told = CMSG_FIRSTHDR(&message);
  if (told != nullptr && told->cmsg_level == SOL_TCP && told->cmsg_type == TCP_CM_INQ) {
    int left = 0;
    std::memcpy(&left, CMSG_DATA(told), sizeof left);
    more_to_read_ = left != 0;
  }
  return static_cast<std::size_t>(n);
}

}  // namespace wx::http_server
