// How a connection has its requests answered: the handler's work, in turn and late.
#include <cassert>

#include "http_server/connection.hpp"
#include "http_server/request_trace.hpp"

namespace wx::http_server {
namespace {

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

}  // namespace

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
  if (kind != ErrorKind::internal) {
    parser_.forget_fields();
    const bool has_target = parser_.head().target.length != 0;
    request_ = Request(has_target ? input_.data() : nullptr, parser_.head(), began_at_, this);
  }
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

}  // namespace wx::http_server
