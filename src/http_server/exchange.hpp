// One request being answered: at once through Exchange, or later through the Responder that it hands out.
//
// Thread-safety: all of it belongs to the thread of the connection (Exchange::executor()).
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

// What an exchange goes through to reach its client: a connection, or a test's stand-in.
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
  // The answer will come later; the result keeps the channel and its request alive.
  [[nodiscard]] virtual std::shared_ptr<Channel> hold() = 0;
  // The holder gave up without answering.
  virtual void abandon() = 0;
};

// The right to answer one request later. Move-only.
// Keeps the connection's memory and the request's view alive, also when the client has gone meanwhile: answering is
// then a no-op. Destroyed unused (a bug of the handler), the client gets Handler::refuse(internal).
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
  // As Exchange::respond; the request's view ends here.
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

  // Answers later instead; once, and not after respond(). From then on respond() is ignored.
  [[nodiscard]] Responder defer() { return std::exchange(settled_, true) ? Responder() : Responder(channel_.hold()); }

 private:
  Channel& channel_;
  bool settled_ = false;
};

// What a server asks for answers. Called on each server's own thread: with one handler for several servers, on
// several threads at once.
class Handler {
 public:
  Handler() = default;
  Handler(const Handler&) = delete;
  Handler& operator=(const Handler&) = delete;
  virtual ~Handler() = default;

  // Must respond() or defer() before it returns. An exception is a bug: it is logged and becomes refuse(internal).
  virtual void handle(Exchange& exchange) = 0;

  // The server's own refusals: malformed_request, request_timeout, content_too_large, uri_too_long,
  // headers_too_large, version_unsupported, overloaded, internal. Must respond() before it returns, with the status
  // and body it finds right for `kind`; the connection closes afterwards. The exchange's request may be empty.
  // `detail` is one sentence fit for a client, without a full stop; may be empty.
  virtual void refuse(Exchange& exchange, ErrorKind kind, std::string_view detail) = 0;
};

}  // namespace wx::http_server
