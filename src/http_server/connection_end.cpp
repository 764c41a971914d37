// How a connection ends: its deadlines, its place for another one, and the answers that its client has not taken from
// the kernel yet.
#include <algorithm>

#include "http_server/connection.hpp"
#include "http_server/socket_memory.hpp"

namespace wx::http_server {
namespace {

// Answers that the client has not taken after this time are not on their way any more.
constexpr milliseconds kOnTheWay{1000};
// A client that takes less (bytes) of them in that time makes no progress. So it needs no more than some 16 times of it
// for the kernel's part of an answer (listen_socket.cpp).
constexpr std::size_t kProgress = std::size_t{1} * 1024;
// The kernel may keep this much (bytes) of an answer that is on its way when its connection is closed for another one.
constexpr std::size_t kLittleUntaken = std::size_t{4} * 1024;

}  // namespace

void Connection::on_deadline() {
  const auto self = shared_from_this();
  if (finished_ || phase() == ConnectionPhase::untaken) return on_untaken_deadline();
  if (phase() == ConnectionPhase::writing) return reset();
  if (phase() == ConnectionPhase::idle) return guard([this] { end(); });
  if (phase() == ConnectionPhase::surplus) {
    count_place();
    if (!parser_.begun()) return close();
  }
  guard([this] {
    began_at_ = server_->clock.steady();
    refuse(ErrorKind::request_timeout, "the request did not arrive in time");
    proceed();
  });
}

void Connection::finish_idle() {
  const auto self = shared_from_this();
  if (finished_) return enter(ConnectionPhase::lingering);
  guard([this] {
    if (!read_input()) close();
  });
}

bool Connection::make_place() {
  const auto self = shared_from_this();
  if (phase() == ConnectionPhase::gone) {
    count_place();
    close();
    return false;
  }
  bool found_untaken = false;
  guard([&] {
    if (!finished_ && read_input()) return;
    const std::size_t untaken = untaken_bytes();
    const bool waited = phase() == ConnectionPhase::untaken && server_->clock.steady() - entered_at() >= kOnTheWay;
    if (waited && untaken != 0 && untaken + kProgress > untaken_) {
      count_place();
      return reset();
    }
    if (untaken <= kLittleUntaken) {
      count_place();
      return close();
    }
    if (waited) {
      untaken_ = untaken;
      enter(ConnectionPhase::untaken);
    } else if (phase() == ConnectionPhase::idle) {
      find_untaken();
      found_untaken = phase() == ConnectionPhase::untaken;
    }
  });
  return found_untaken;
}

// It loses its place without an answer, or because it is above the limit.
void Connection::count_place() {
  using enum observability::Counter;
  server_->metrics.add(above_limit_ ? http_connections_refused : http_closed_for_place);
}

void Connection::end() {
  untaken_bytes() == 0 ? close() : linger();
}

void Connection::linger() {
  input_.release();
  finished_ = true;
  discarded_ = 0;
  error_code error;
  socket_->shutdown(Socket::shutdown_send, error);
  if (error) return close();
  enter(ConnectionPhase::lingering);
  release_held();
  wait_readable();
}

// Drops what the client still sends. Closing a socket with unread input resets the connection, and the reset may
// overtake the last answer (RFC 9112 §9.6).
void Connection::discard_input() {
  error_code error;
  discarded_ += static_cast<std::uint32_t>(input_.discard(*socket_, error));
  if (discarded_ > kMostDiscarded) return reset();
  if (error == asio::error::eof && untaken_bytes() != 0) {
    // It still may take its answer, or not: on_untaken_deadline() sees. Without edges, the end of the stream would end
    // each wait at once.
    if (kWaitsForEdges) return watch();
    itself_ = shared_from_this();
    return;
  }
  if (error && !would_block(error)) return close();
  wait_readable();
}

// The end of the stream, which the kernel counts as a byte, is not one of them.
std::size_t Connection::untaken_bytes() {
  const std::size_t unsent = unsent_bytes(socket_->native_handle());
  return unsent - std::min<std::size_t>(unsent, finished_ ? 1 : 0);
}

// The kernel would keep for minutes what a client does not take. So the connection goes on waiting as long as its
// client takes some of it.
void Connection::on_untaken_deadline() {
  const std::size_t untaken = untaken_bytes();
  if (untaken == 0) return finished_ ? close() : leave_untaken();
  if (above_limit_ || (phase() == ConnectionPhase::untaken && untaken >= untaken_)) return reset();
  untaken_ = untaken;
  enter(ConnectionPhase::untaken);
}

void Connection::leave_untaken() {
  release_held();
  enter(finished_ ? ConnectionPhase::lingering : ConnectionPhase::idle);
}

void Connection::find_untaken() {
  const auto kernel = socket_memory(socket_->native_handle());
  if (kernel.unsent == 0) return;
  untaken_ = untaken_bytes();
  enter(ConnectionPhase::untaken);
  hold(own_bytes() + kernel.all);
}

void Connection::measure() {
  // Without edges, nothing tells of an end behind bytes that are not read yet, nor that the client of a connection
  // whose both sides have ended has taken its answer.
  if (!kWaitsForEdges && answer_ == Answer::deferred && socket_ && !gone_) look_at_client();
  if (!kWaitsForEdges && itself_ && untaken_bytes() == 0) return close();
  if (!server_->memory || !socket_) return;
  const auto kernel = socket_memory(socket_->native_handle());
  if (phase() == ConnectionPhase::untaken && kernel.unsent == 0) return leave_untaken();
  const std::size_t request = answer_ == Answer::deferred ? kDeferredBytes : 0;
  hold(own_bytes() + request + kernel.all);
}

}  // namespace wx::http_server
