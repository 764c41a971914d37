#include "http_server/listen_socket.hpp"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <boost/asio/ip/v6_only.hpp>

#include "base/text.hpp"
#include "http_server/server.hpp"

namespace wx::http_server {
namespace {

std::unexpected<Error> explain(const error_code& error, std::string_view address, std::uint16_t port) {
  std::string detail;
  if (error == asio::error::address_in_use) {
    detail = cat("port ", port, " is in use; try PORT=", port < 65535 ? port + 1 : 8080);
  } else if (error == asio::error::access_denied) {
    detail = cat("this user may not open port ", port, "; try PORT=8080");
  } else if (error == boost::system::errc::address_not_available) {
    detail = cat(address, " is not an address of this machine; try ADDRESS=0.0.0.0");
  } else {
    detail = cat("cannot listen on ", address, " port ", port, ": ", error.message());
  }
  return fail(ErrorKind::bad_parameter, std::move(detail));
}

// The limit of the bytes that the kernel takes from this process before the client's window has room for them. It ends
// at the end of a segment, so a few more may wait.
constexpr int kUnsent = 16 * 1024;
// The limit of the bytes that a client may send before the server reads. Requests have no bodies, so this is many
// heads.
constexpr int kUnread = 32 * 1024;

// Each accepted socket inherits these limits from its listener. They do not end the kernel's own tuning of its buffers,
// as SO_SNDBUF and SO_RCVBUF do. A socket without them works, too.
void limit_kernel_buffers(Acceptor& acceptor) {
  ::setsockopt(acceptor.native_handle(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &kUnsent, sizeof kUnsent);
  ::setsockopt(acceptor.native_handle(), IPPROTO_TCP, TCP_WINDOW_CLAMP, &kUnread, sizeof kUnread);
}

// SO_REUSEADDR allows the bind despite connections of an earlier process in TIME_WAIT, but not beside another listener.
error_code prepare(Acceptor& acceptor, const asio::ip::tcp::endpoint& endpoint, Sharing sharing) {
  error_code error;
  acceptor.open(endpoint.protocol(), error);
  if (error) return error;
  acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error && endpoint.address().is_v6()) acceptor.set_option(asio::ip::v6_only(false), error);
  if (!error && sharing == Sharing::reuse_port) {
    const int on = 1;
    if (::setsockopt(acceptor.native_handle(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0) {
      error = error_code(errno, boost::system::system_category());
    }
  }
  if (!error) limit_kernel_buffers(acceptor);
  if (!error) acceptor.bind(endpoint, error);
  if (!error && sharing == Sharing::reuse_port) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (!error) acceptor.non_blocking(true, error);
  return error;
}

}  // namespace

Result<Acceptor> open_listener(asio::io_context& context, std::string_view address, std::uint16_t port,
                               Sharing sharing) {
  error_code error;
  const auto ip = asio::ip::make_address(std::string(address), error);
  if (error) return fail(ErrorKind::bad_parameter, cat("ADDRESS must be an IP address, not ", address));
  Acceptor acceptor(context);
  error = prepare(acceptor, {ip, port}, sharing);
  if (error) return explain(error, address, port);
  return acceptor;
}

Result<void> probe_port(std::string_view address, std::uint16_t port) {
  asio::io_context context(1);
  const auto listener = open_listener(context, address, port, Sharing::exclusive);
  if (!listener) return std::unexpected(listener.error());
  return {};
}

}  // namespace wx::http_server
