#include "http_server/connection.hpp"

#include <algorithm>
#include <cassert>

#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include "http_server/memory_relief.hpp"
#include "http_server/request_trace.hpp"
#include "http_server/socket_memory.hpp"
#include "observability/log_exception.hpp"

namespace wx::http_server {
namespace {

// The limit of queued output (bytes). Above it, pipelined requests wait until the output is written. A connection comes
// to it step by step, as its client takes its answers.
constexpr std::uint32_t kEnoughOutput = 64 * 1024;
}  // namespace

Connection::Connection(std::shared_ptr<ServerContext> server, Socket socket, const asio::ip::tcp::endpoint& peer,
                       std::shared_ptr<ConnectionBudget> slot)
    : server_(std::move(server)),
      slot_(std::move(slot)),
      socket_(std::move(socket)),
      peer_(peer),
      number_(server_->next_number++),
      input_(server_->buffers),
      out_(server_->buffers) {
  error_code ignored;  // the socket works without these options too
  socket_->non_blocking(true, ignored);
  socket_->set_option(asio::ip::tcp::no_delay(true), ignored);
  const int on = 1;
  ::setsockopt(socket_->native_handle(), IPPROTO_TCP, TCP_INQ, &on, sizeof on);
  server_->opened();
}

Connection::~Connection() {
  close();
}

void Connection::start() {
  guard([this] {
    enter(above_limit_ ? ConnectionPhase::surplus : ConnectionPhase::idle);
    wait_readable();
  });
}

void Connection::start_above_limit() {
  above_limit_ = true;
  start();
}

void Connection::enter(ConnectionPhase phase) {
  server_->deadlines.enter(*this, phase, server_->clock.steady());
}

void Connection::reset() {
  if (!socket_) return;
  forget_unsent(socket_->native_handle());  // not through Asio, which would undo it in the socket's destructor
  close();
}

void Connection::close() {
  if (!socket_) return;
  const auto self = std::move(itself_);
  gone_.store(true, std::memory_order_relaxed);
  socket_.reset();
  leave();
  release_held();
  // A handler or a Responder may still use its request.
  if (!in_handler_ && answer_ != Answer::deferred) input_.release();
  out_.clear();
  slot_->release();
  server_->closed();
}

std::string_view Connection::peer() const {
  if (peer_text_.empty()) {
    const auto address = peer_.address();
    const bool mapped = address.is_v6() && address.to_v6().is_v4_mapped();
    peer_text_ =
        mapped ? asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string() : address.to_string();
  }
  return peer_text_;
}

// --- Reading ---

void Connection::wait_readable() {
  if (!input_.more_to_read()) return watch();
  if (std::exchange(read_posted_, true)) return;
  // Posted, so that a client that sends without pause does not starve the others.
  asio::post(server_->context, [self = shared_from_this()] {
    self->read_posted_ = false;
    self->on_input(error_code());
  });
}

void Connection::watch() {
  if (std::exchange(watching_, true)) return;
  watch_.wait(server_->waits, *socket_, shared_from_this());
}

void Connection::on_readable(const error_code& error) {
  watching_ = false;
  on_input(error);
}

void Connection::on_input(const error_code& error) {
  if (!socket_) return;
  if (error) return close();
  guard([this] { use_input(); });
}

void Connection::use_input() {
  if (finished_) return discard_input();
  if (input_.in_hand() || !out_.empty()) {
    // The answer is outstanding, or finish_idle() has read without a wait. Reading continues when that request is
    // answered. But this call has consumed an edge (read_watch.hpp) whose bytes are still unread, so the next read must
    // not wait for another edge.
    input_.expect_more();
    if (answer_ == Answer::deferred) look_at_client();
    return;
  }
  if (!read_input()) wait_readable();
}

// Returns false if there was nothing to read. Reads once per wait, so that a client that sends without pause does not
// starve the others.
bool Connection::read_input() {
  error_code error;
  input_.read(*socket_, error);
  if (would_block(error)) return false;
  if (!error)
    proceed();
  else if (error == asio::error::eof)
    end();
  else
    close();
  return true;
}

// --- The client, while its answer is outstanding ---

void Connection::watch_client() {
  // An end of the stream that has arrived together with the request causes no further edge.
  if (input_.more_to_read()) return look_at_client();
  watch();
}

// The end of the stream may lie behind pipelined requests, so this asks for it without reading.
void Connection::look_at_client() {
  pollfd client{.fd = socket_->native_handle(), .events = POLLRDHUP, .revents = 0};
  if (::poll(&client, 1, 0) > 0) {
    note_gone();
    if ((client.revents & (POLLERR | POLLHUP)) != 0) return close();
  }
  if (kWaitsForEdges) watch();
}

void Connection::note_gone() {
  if (!gone_.exchange(true, std::memory_order_relaxed)) {
    server_->metrics.add(observability::Counter::http_clients_gone);
  }
  if (phase() == ConnectionPhase::answering) enter(ConnectionPhase::gone);
}

// --- Writing, and the next step ---

void Connection::proceed() {
  if (!socket_) return;
  if (!out_.empty() && !flush()) return;
  const auto began_before = began_at_;
  const Stop stop = answer_input();
  if (!flush()) return;
  if (answer_ == Answer::deferred) {
    enter(gone_.load(std::memory_order_relaxed) ? ConnectionPhase::gone : ConnectionPhase::answering);
    hold(own_bytes() + kDeferredBytes);
    return watch_client();
  }
  if (closing_) return linger();
  if (stop == Stop::other) {
    // More requests are in hand, but other connections of this thread get a turn first.
    enter(ConnectionPhase::answering);
    return proceed_from_loop();
  }
  input_.set_aside();
  request_.release();
  if (!parser_.begun()) {
    // If a request was answered just now, the time at which it began is recent enough. Empty lines do not prolong the
    // time of an idle connection.
    if (began_at_ != began_before) {
      release_held();
      server_->deadlines.enter(*this, ConnectionPhase::idle, began_at_);
    } else if (phase() == ConnectionPhase::reading || phase() == ConnectionPhase::answering ||
               phase() == ConnectionPhase::gone || phase() == ConnectionPhase::writing) {
      release_held();
      enter(ConnectionPhase::idle);
    }
  } else {
    if (std::exchange(head_is_new_, false) && !above_limit_) enter(ConnectionPhase::reading);
    hold(own_bytes());
  }
  wait_readable();
}

void Connection::proceed_from_loop() {
  asio::post(server_->context, [self = shared_from_this()] { self->guard([&] { self->proceed(); }); });
}

// Returns true if everything is written. Otherwise the rest waits until the socket is writable, or the connection is
// closed.
bool Connection::flush() {
  if (!socket_ || write_waiting_) return false;
  bool progress = false;
  while (!out_.empty()) {
    error_code error;
    out_.write(*socket_, error);
    if (would_block(error)) {
      batch_ = 1;
      out_.shrink();
      if (progress || phase() != ConnectionPhase::writing) enter(ConnectionPhase::writing);
      wait_writable();
      measure();
      return false;
    }
    if (error) {
      close();
      return false;
    }
    progress = true;
  }
  if (progress) batch_ = std::min(2 * batch_, kEnoughOutput);
  return true;
}

void Connection::wait_writable() {
  write_waiting_ = true;
  socket_->async_wait(Socket::wait_write, [self = shared_from_this()](const error_code& error) {
    self->write_waiting_ = false;
    if (!self->socket_) return;
    if (error) return self->close();
    self->guard([&] { self->proceed(); });
  });
}

// --- Memory ---

void Connection::hold(std::size_t bytes) {
  if (!server_->memory) return;
  server_->memory->change(held_, bytes);
  server_->held += bytes - held_;
  held_ = bytes;
  if (server_->relief_posted || !server_->memory->must_shrink(server_->held)) return;
  // Posted, because this connection may be among those that are closed.
  asio::post(server_->context, [server = server_] {
    server->relief_posted = false;
    relieve_memory(*server);
  });
  server_->relief_posted = true;
}

void Connection::release_held() noexcept {
  if (held_ == 0) return;
  server_->memory->change(held_, 0);
  server_->held -= held_;
  held_ = 0;
}

}  // namespace wx::http_server
