// Waits for a socket to become readable without a system call per wait.
//
// Asio registers every socket with epoll once, edge-triggered, and records edges that occur while no operation waits.
// But its async_wait() re-arms the socket with epoll_ctl() each time, and its async_read_some() first tries a read that
// usually finds nothing. A persistent connection does not need either system call, which takes half a microsecond of
// the nine of a request. This operation uses Asio's record of edges instead. When it completes, it marks the edge as
// consumed, so the next wait completes at a later edge.
//
// Before the next wait, the user must read until nothing is left, including the end of the stream
// (InputBuffer::more_to_read()), because the wait is edge-triggered.
//
// It uses asio::detail, which has no stable interface. Therefore it is compiled only for the versions of Boost that it
// was tested with; for others async_wait() replaces it (scripts/test-boost tests that).
//
// Thread-safety: none; belongs to the socket's thread.
#pragma once

#include <memory>
#include <utility>

#include "base/async.hpp"

#if defined(BOOST_ASIO_HAS_EPOLL) && !defined(BOOST_ASIO_HAS_IO_URING_AS_DEFAULT) && BOOST_VERSION >= 108100 && \
    BOOST_VERSION < 108400
#define WX_EDGE_WAIT
#include <boost/asio/detail/reactor.hpp>
#include <boost/asio/detail/reactor_op.hpp>
#endif

namespace wx::http_server {

// Uses the concrete executor type instead of any_io_executor, which saves an indirection in every operation.
using PlainSocket = asio::basic_stream_socket<asio::ip::tcp, asio::io_context::executor_type>;

#ifdef WX_EDGE_WAIT

class Socket : public PlainSocket {
 public:
  using PlainSocket::PlainSocket;

  // `reactor` must be the reactor of the socket's context.
  void start_edge_wait(asio::detail::reactor& reactor, asio::detail::reactor_op& op) {
    auto& implementation = impl_.get_implementation();
    reactor.start_op(asio::detail::reactor::read_op, implementation.socket_, implementation.reactor_data_, &op, false,
                     true);
  }
};

// A wait completes at a new edge, not because bytes are still unread.
inline constexpr bool kWaitsForEdges = true;

// The reactor of one thread's io_context, for all waits of that thread.
class ReadWaits {
 public:
  explicit ReadWaits(asio::io_context& context) : reactor_(asio::use_service<asio::detail::reactor>(context)) {}
  void start(Socket& socket, asio::detail::reactor_op& op) { socket.start_edge_wait(reactor_, op); }

 private:
  asio::detail::reactor& reactor_;
};

// Owner must have `void on_readable(const error_code&)`. A wait keeps the owner alive. At most one wait at a time.
template <class Owner>
class ReadWatch final : private asio::detail::reactor_op {
 public:
  ReadWatch() : reactor_op(error_code(), &ReadWatch::perform, &ReadWatch::complete) {}
  ReadWatch(const ReadWatch&) = delete;
  ReadWatch& operator=(const ReadWatch&) = delete;
  ~ReadWatch() = default;

  void wait(ReadWaits& waits, Socket& socket, std::shared_ptr<Owner> owner) {
    ec_ = error_code();
    owner_ = std::move(owner);
    waits.start(socket, *this);
  }

 private:
  static status perform(reactor_op*) { return done_and_exhausted; }
  static void complete(void* loop, asio::detail::operation* base, const error_code&, std::size_t) {
    auto* const self = static_cast<ReadWatch*>(base);
    const auto owner = std::move(self->owner_);
    if (loop != nullptr) owner->on_readable(self->ec_);  // null during the loop's destruction
  }

  std::shared_ptr<Owner> owner_;
};

#else

using Socket = PlainSocket;

inline constexpr bool kWaitsForEdges = false;

class ReadWaits {
 public:
  explicit ReadWaits(asio::io_context&) {}
};

template <class Owner>
class ReadWatch final {
 public:
  void wait(ReadWaits&, Socket& socket, std::shared_ptr<Owner> owner) {
    socket.async_wait(Socket::wait_read,
                      [owner = std::move(owner)](const error_code& error) { owner->on_readable(error); });
  }
};

#endif

}  // namespace wx::http_server
