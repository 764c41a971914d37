// The answer to one request: given at once through Exchange, or later through the Responder that it hands out.
//
// Thread-safety: everything belongs to the thread of the connection (Exchange::executor()).
#pragma once

#include <initializer_list>
#include <memory>
#include <string_view>
#include <utility>

#include "base/error.hpp"
#include "base/executor.hpp"
#include "http_server/body_part.hpp"
#include "http_server/request.hpp"

namespace wx::http_server {

// The way from an exchange to its client: a connection, or a fake in tests.
class Channel {
 public:
  Channel() = default;
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;
  virtual ~Channel() = default;

  [[nodiscard]] virtual const Request& request() const = 0;
  [[nodiscard]] virtual Executor& executor() = 0;
  [[nodiscard]] virtual std::string_view peer() const = 0;
  // See Exchange::respond.
  virtual void respond(int status, std::string_view headers, std::initializer_list<BodyPart> body) = 0;
  // Defers the answer. The result keeps the channel and its request alive.
  [[nodiscard]] virtual std::shared_ptr<Channel> hold() = 0;
  // The holder will not answer. Must not throw: a destructor calls it.
  virtual void abandon() = 0;
};

// The right to answer one request later. Move-only.
// Keeps the connection's memory and the view of the request alive even if the client has gone; answering then does
// nothing. If it is destroyed unused, which is a bug in the handler, the client gets Handler::refuse(internal).
class Responder {
 public:
  Responder() = default;
  explicit Responder(std::shared_ptr<Channel> channel) : channel_(std::move(channel)) {}
  Responder(Responder&&) noexcept = default;
  Responder& operator=(Responder&& other) noexcept;
  ~Responder();

  // Only while not answered.
  [[nodiscard]] const Request& request() const { return channel_->request(); }
  [[nodiscard]] Executor& executor() { return channel_->executor(); }
  // As Exchange::respond. Ends the view of the request. An exception while the answer is written does not reach the
  // caller: the server logs it and closes the connection.
  void respond(int status, std::string_view headers, std::initializer_list<BodyPart> body);

 private:
  std::shared_ptr<Channel> channel_;
};

class Exchange {
 public:
  explicit Exchange(Channel& channel) : channel_(channel) {}
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  [[nodiscard]] const Request& request() const { return channel_.request(); }
  [[nodiscard]] Executor& executor() { return channel_.executor(); }

  // Answers now. `headers` are complete "Name: value\r\n" lines (may be empty); the server adds the status line, Date,
  // Content-Length and, where needed, Connection. HEAD gets the same head and no body; 204 and 304 have neither body
  // nor Content-Length. Before this returns everything is copied, except large bodies, which are kept by reference
  // until the client has taken them (body_part.hpp). A second answer is ignored.
  void respond(int status, std::string_view headers, std::initializer_list<BodyPart> body) {
    if (!std::exchange(settled_, true)) channel_.respond(status, headers, body);
  }

  // Answers later instead. Only once, and not after respond(); from then on respond() is ignored.
  [[nodiscard]] Responder defer() { return std::exchange(settled_, true) ? Responder() : Responder(channel_.hold()); }

 private:
  Channel& channel_;
  bool settled_ = false;
};

// Answers the requests of a server. Called on the server's thread: a handler of several servers is called on several
// threads at once.
class Handler {
 public:
  Handler() = default;
  Handler(const Handler&) = delete;
  Handler& operator=(const Handler&) = delete;
  virtual ~Handler() = default;

  // Must respond() or defer() before it returns. An exception is logged and becomes refuse(internal), unless the
  // handler has responded already.
  virtual void handle(Exchange& exchange) = 0;

  // The server's own refusals: malformed_request, request_timeout, content_too_large, uri_too_long,
  // headers_too_large, version_unsupported, overloaded, internal. Must respond() before it returns, with a status and
  // body for `kind`; otherwise, or after an exception, the client gets a 500 without a body. The connection closes
  // afterwards. The exchange's request may be empty. `detail` is one sentence for the client, without a full stop; it
  // may be empty.
  virtual void refuse(Exchange& exchange, ErrorKind kind, std::string_view detail) = 0;
};

}  // namespace wx::http_server
