// The answer to one request: immediately through an Exchange, or later through the Responder from Exchange::defer().
//
// Thread-safety: only the thread of the connection (Exchange::executor()).
#pragma once

#include <atomic>
#include <initializer_list>
#include <memory>
#include <string_view>
#include <utility>

#include "base/error.hpp"
#include "base/executor.hpp"
#include "http_server/body_part.hpp"
#include "http_server/request.hpp"

namespace wx::http_server {

// The interface to the client of an exchange: a connection, or a fake in tests.
class Channel {
 public:
  Channel() = default;
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;
  virtual ~Channel() = default;

  [[nodiscard]] virtual const Request& request() const = 0;
  [[nodiscard]] virtual Executor& executor() = 0;
  [[nodiscard]] virtual std::string_view peer() const = 0;
  // See Exchange::blame_client.
  virtual void blame_client() {}
  // See Exchange::respond.
  virtual void respond(int status, std::string_view headers, std::initializer_list<BodyPart> body) = 0;
  // Defers the answer. The result keeps the channel and its request alive.
  [[nodiscard]] virtual std::shared_ptr<Channel> hold() = 0;
  // See Responder::gone(). May be null: then the client never goes.
  [[nodiscard]] virtual std::shared_ptr<const std::atomic<bool>> gone() { return nullptr; }
  // Ends a deferred answer that will not be given. Must not throw, because a destructor calls it.
  virtual void abandon() = 0;
};

// Answers one request later. Move-only. Keeps the connection object and the view of the request alive even if the
// client has disconnected; respond() does nothing then. If it is destroyed without an answer, which is a bug in the
// handler unless the client has gone, the client gets Handler::refuse(internal).
class Responder {
 public:
  Responder() = default;
  explicit Responder(std::shared_ptr<Channel> channel) : channel_(std::move(channel)) {}
  Responder(Responder&&) noexcept = default;
  Responder& operator=(Responder&& other) noexcept;
  ~Responder();

  // These may be called only before respond().
  [[nodiscard]] const Request& request() const { return channel_->request(); }
  [[nodiscard]] Executor& executor() { return channel_->executor(); }
  // See Exchange::blame_client.
  void blame_client() { channel_->blame_client(); }
  // Becomes true when the client has closed or reset the connection. A client that has only ended its own side cannot
  // be told from one that has closed: it still gets an answer. The flag may be null, and outlives the connection.
  // Thread-safety: any thread may read the flag.
  [[nodiscard]] std::shared_ptr<const std::atomic<bool>> gone() const { return channel_->gone(); }
  [[nodiscard]] bool gone_now() const {
    const auto flag = gone();
    return flag && flag->load(std::memory_order_relaxed);
  }
  // See Exchange::respond. Ends the view of the request. An exception while the answer is written does not reach the
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

  // The answer that follows tells of a fault of the client. If its status is 5xx, it does not count as an error of the
  // service.
  void blame_client() {
    if (!settled_) channel_.blame_client();
  }

  // Answers now. `headers` are complete "Name: value\r\n" lines (may be empty); the server adds the status line, Date,
  // Content-Length and, if needed, Connection. HEAD gets the same head without a body; 204 and 304 have neither body
  // nor Content-Length. All arguments are copied before this returns, except large bodies, which are kept by reference
  // until they are sent (body_part.hpp). A second answer is ignored.
  void respond(int status, std::string_view headers, std::initializer_list<BodyPart> body) {
    if (!std::exchange(settled_, true)) channel_.respond(status, headers, body);
  }

  // Defers the answer. Call it once, and not after respond(), which is ignored from then on.
  [[nodiscard]] Responder defer() { return std::exchange(settled_, true) ? Responder() : Responder(channel_.hold()); }

 private:
  Channel& channel_;
  bool settled_ = false;
};

// Answers the requests of a server. Called on the server's thread; a handler that several servers share is called on
// several threads at once.
class Handler {
 public:
  Handler() = default;
  Handler(const Handler&) = delete;
  Handler& operator=(const Handler&) = delete;
  virtual ~Handler() = default;

  // Must respond() or defer() before it returns. An exception is logged, and refuse(internal) answers unless the
  // handler has already responded.
  virtual void handle(Exchange& exchange) = 0;

  // Returns whether the request is answered even if all places for connections are taken. Others are refused with
  // `overloaded` then.
  [[nodiscard]] virtual bool serves_when_full(const Request& /*request*/) const { return false; }

  // Answers a refusal of the server: malformed_request, request_timeout, content_too_large, uri_too_long,
  // headers_too_large, version_unsupported, not_implemented, overloaded or internal. Must respond() before it returns,
  // with a status and body for `kind`; otherwise, or after an exception, the client gets a 500 without a body. The
  // connection closes afterwards. The exchange's request has no fields, and no target if none that is well-formed has
  // been received. `detail` is one sentence for the client, without a full stop, and may be empty.
  virtual void refuse(Exchange& exchange, ErrorKind kind, std::string_view detail) = 0;
};

}  // namespace wx::http_server
