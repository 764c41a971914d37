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
// What the rest of the program holds for a request whose answer is deferred, beside the request: its callbacks, its
// timer, and its place in a flight.
constexpr std::size_t kDeferredBytes = std::size_t{3} * 1024;
// Answers that the client has not taken after this time are not on their way any more.
constexpr milliseconds kOnTheWay{1000};
// A client that takes less (bytes) of them in that time makes no progress. So it needs no more than some 16 times of it
// for the kernel's part of an answer (listen_socket.cpp).
constexpr std::size_t kProgress = std::size_t{1} * 1024;
// The kernel may keep this much (bytes) of an answer that is on its way when its connection is closed for another one.
constexpr std::size_t kLittleUnsent = std::size_t{4} * 1024;
// The limit of bytes that a client may send after the last answer, or in empty lines before a request, before the
// connection is closed.
constexpr std::uint32_t kMostDiscarded = 1024 * 1024;

observability::Counter class_counter(int status, bool client_blamed) {
  using enum observability::Counter;
  if (status < 300) return http_responses_2xx;
  if (status < 400) return http_responses_3xx;
  if (status < 500) return http_responses_4xx;
  return client_blamed ? http_responses_5xx_client : http_responses_5xx;
}

// The trace id for the log; empty if the request has none.
std::string_view trace_id(const Request& request) {
  const auto trace = trace_of(request);
  return trace ? trace->trace_id : std::string_view();
}

bool would_block(const error_code& error) {
  return error == asio::error::would_block || error == asio::error::try_again;
}

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

void Connection::on_deadline() {
  const auto self = shared_from_this();
  if (finished_) return on_linger_deadline();
  if (phase() == ConnectionPhase::writing) return reset();
  if (phase() == ConnectionPhase::untaken) return on_untaken_deadline();
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
    const std::size_t unsent = unsent_bytes(socket_->native_handle());
    const bool untaken = phase() == ConnectionPhase::untaken;
    const bool waited = untaken && server_->clock.steady() - entered_at() >= kOnTheWay;
    const bool all_taken = unsent <= (finished_ ? 1 : 0);  // the end of the stream counts as one
    if (waited && !all_taken && unsent + kProgress > unsent_) {
      count_place();
      return reset();
    }
    if (unsent <= kLittleUnsent) {
      count_place();
      return close();
    }
    if (waited) {
      unsent_ = unsent;
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

template <class Work>
void Connection::guard(Work&& work) noexcept {
  try {
    std::forward<Work>(work)();
  } catch (...) {
    observability::log_exception(server_->log, "http_server", "a connection failed");
    close();
  }
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

// Drops what the client still sends. Closing a socket with unread input resets the connection, and the reset may
// overtake the last answer (RFC 9112 §9.6).
void Connection::discard_input() {
  error_code error;
  discarded_ += static_cast<std::uint32_t>(input_.discard(*socket_, error));
  if (discarded_ > kMostDiscarded) return reset();
  if (error == asio::error::eof && unsent_bytes(socket_->native_handle()) > 1) {
    // It still may take its answer, or not: on_linger_deadline() sees. Without edges, the end of the stream would end
    // each wait at once.
    if (kWaitsForEdges) return watch();
    itself_ = shared_from_this();
    return;
  }
  if (error && !would_block(error)) return close();
  wait_readable();
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

// --- Answering ---

Connection::Stop Connection::answer_input() {
  while (!closing_ && answer_ != Answer::deferred) {
    if (input_.empty()) return Stop::need_more;
    if (out_.size() >= batch_) return Stop::other;
    const auto status = parser_.feed(input_.bytes());
    if (status == HeadParser::Status::need_more) {
      if (parser_.empty_lines() == 0) return Stop::need_more;
      drop_empty_lines();
      continue;
    }
    // Read for each request, because a pipelined one may have waited long behind the answer to another.
    began_at_ = server_->clock.steady();
    if (status == HeadParser::Status::refused) {
      server_->metrics.add(observability::Counter::http_malformed);
      refuse(parser_.refusal(), parser_.detail());
      break;
    }
    dispatch();
    if (!socket_) break;
    if (answer_ == Answer::given) finish_request();
  }
  return Stop::other;
}

void Connection::drop_empty_lines() {
  discarded_ += parser_.empty_lines();
  closing_ = discarded_ > kMostDiscarded;  // without an answer, which would be taken for that of a request
  input_.consume(parser_.empty_lines());
  parser_.reset();
}

void Connection::dispatch() {
  request_ = Request(input_.data(), parser_.head(), began_at_, this);
  answer_ = Answer::none;
  if (above_limit_ && !server_->handler.serves_when_full(request_)) {
    server_->metrics.add(observability::Counter::http_connections_refused);
    return refuse(ErrorKind::overloaded, {});
  }
  Exchange exchange(*this);
  in_handler_ = true;
  try {
    server_->handler.handle(exchange);
  } catch (...) {
    observability::log_exception(server_->log, "http_server", "a handler threw",
                                 {{"path", request_.path()}, {"trace", trace_id(request_)}});
    if (answer_ == Answer::deferred) answer_ = Answer::none;  // a Responder that was kept has no effect any more
  }
  in_handler_ = false;
  if (answer_ == Answer::none) refuse(ErrorKind::internal, {});
}

// Lets the handler answer with a refusal; the connection closes afterwards. If the handler does not respond, the client
// gets a 500 without a body.
void Connection::refuse(ErrorKind kind, std::string_view detail) {
  if (kind != ErrorKind::internal) request_ = Request(nullptr, parser_.head(), began_at_, this);
  closing_ = true;
  answer_ = Answer::none;
  Exchange exchange(*this);
  const bool nested = std::exchange(in_handler_, true);
  try {
    server_->handler.refuse(exchange, kind, detail);
  } catch (...) {
    observability::log_exception(server_->log, "http_server", "a refusal threw");
  }
  respond(500, {}, {});  // has no effect if the handler has responded
  in_handler_ = nested;
  answer_ = Answer::given;
}

void Connection::respond(int status, std::string_view headers, std::initializer_list<BodyPart> body) {
  const bool client_blamed = std::exchange(client_blamed_, false);
  if (answer_ == Answer::given) return;
  const bool late = answer_ == Answer::deferred && !in_handler_;
  answer_ = Answer::given;
  if (!socket_) return release_request();
  assert(server_->executor.in_this_thread());
  guard([&] {
    append_answer(status, headers, body);
    server_->metrics.add(class_counter(status, client_blamed));
    if (late) answered_late();
  });
}

void Connection::append_answer(int status, std::string_view headers, std::initializer_list<BodyPart> body) {
  if (!request_.keep_alive() || server_->draining || above_limit_) closing_ = true;
  const auto connection = closing_                  ? ConnectionField::close
                          : parser_.head().http_1_0 ? ConnectionField::keep_alive
                                                    : ConnectionField::none;
  out_.append({.status = status,
               .date = server_->date.at(server_->clock.wall()),
               .connection = connection,
               .headers = headers,
               .without_body = request_.method() == Method::head},
              body);
}

std::shared_ptr<Channel> Connection::hold() {
  answer_ = Answer::deferred;
  return shared_from_this();
}

void Connection::release_request() {
  if (!in_handler_) input_.release();
}

void Connection::abandon() {
  if (answer_ != Answer::deferred) return;
  if (!socket_) return release_request();
  if (gone_.load(std::memory_order_relaxed)) {  // it has only ended its own side, but there is no answer for it
    answer_ = Answer::given;
    if (in_handler_) return close();
    closing_ = true;
    return guard([this] { proceed(); });  // it may still take the answers to earlier requests
  }
  guard([this] {
    server_->log.error("http_server", "a deferred request was never answered",
                       {{"path", request_.path()}, {"trace", trace_id(request_)}});
    refuse(ErrorKind::internal, {});
    if (!in_handler_) answered_late();
  });
}

void Connection::finish_request() {
  input_.consume(parser_.head().size);
  parser_.reset();
  head_is_new_ = true;
  discarded_ = 0;
}

// Runs within the handler's own callback. It sends the answer, but posts the work on pipelined requests, so that
// handlers do not nest.
void Connection::answered_late() {
  finish_request();
  if (closing_ || input_.empty()) return proceed();
  if (flush()) proceed_from_loop();
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

// The kernel would keep what the client has not taken for minutes after close() if it takes no more. So the connection
// goes on waiting as long as the client takes some of it.
void Connection::end() {
  unsent_bytes(socket_->native_handle()) == 0 ? close() : linger();
}

void Connection::on_linger_deadline() {
  const std::size_t unsent = unsent_bytes(socket_->native_handle());
  if (unsent <= 1) return close();  // the end of the stream counts as one
  if (above_limit_ || (phase() == ConnectionPhase::untaken && unsent >= unsent_)) return reset();
  unsent_ = unsent;
  enter(ConnectionPhase::untaken);
}

void Connection::on_untaken_deadline() {
  const std::size_t unsent = unsent_bytes(socket_->native_handle());
  if (unsent == 0) return leave_untaken();
  if (unsent >= unsent_) return reset();
  unsent_ = unsent;
  enter(ConnectionPhase::untaken);
}

void Connection::leave_untaken() {
  release_held();
  enter(finished_ ? ConnectionPhase::lingering : ConnectionPhase::idle);
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

void Connection::measure() {
  // Without edges, nothing tells of an end behind bytes that are not read yet.
  if (!kWaitsForEdges && answer_ == Answer::deferred && socket_ && !gone_) look_at_client();
  if (!server_->memory || !socket_) return;
  const auto kernel = socket_memory(socket_->native_handle());
  if (phase() == ConnectionPhase::untaken && kernel.unsent == 0) return leave_untaken();
  const std::size_t request = answer_ == Answer::deferred ? kDeferredBytes : 0;
  hold(own_bytes() + request + kernel.all);
}

void Connection::find_untaken() {
  const auto kernel = socket_memory(socket_->native_handle());
  if (kernel.unsent == 0) return;
  unsent_ = unsent_bytes(socket_->native_handle());
  enter(ConnectionPhase::untaken);
  hold(own_bytes() + kernel.all);
}

}  // namespace wx::http_server
