#include <exception>
#include <utility>

#include <boost/asio/write.hpp>

#include "base/async.hpp"
#include "base/text.hpp"
#include "redis/connection.hpp"
#include "redis/dial_shell.hpp"
#include "redis/reply_parser.hpp"

namespace wx::redis {
namespace {

using Cause = ConnectionFault::Cause;

// A buffer that a burst has grown beyond this is released.
constexpr std::size_t kKeepCapacity = std::size_t{256} << 10;
// The first byte of a TLS alert record (RFC 8446 §5.1).
constexpr char kTlsAlert = 0x15;

class AsioConnection final : public Connection, public std::enable_shared_from_this<AsioConnection> {
 public:
  AsioConnection(asio::io_context& context, Address address, std::size_t max_reply_bytes,
                 std::shared_ptr<TlsContext> tls, Listener& listener)
      : context_(context),
        address_(std::move(address)),
        tls_context_(std::move(tls)),
        listener_(&listener),
        socket_(context),
        parser_(ReplyLimits{.bytes = max_reply_bytes}) {}

  void begin() {
    // An exception here means a bug or no memory. It costs this connection only.
    asio::co_spawn(
        context_, [self = shared_from_this()] { return self->open(self); },
        [self = shared_from_this()](const std::exception_ptr& thrown) {
          if (thrown) self->fail({Cause::internal, "connecting failed inside this program"});
        });
  }

  std::string& out() override { return out_; }
  [[nodiscard]] std::size_t unsent() const override { return out_.size() + writing_.size(); }

  [[nodiscard]] bool readable() const override {
    error_code error;
    return socket_.available(error) > 0 && !error;
  }

  void flush() override {
    if (flush_posted_ || !writing_.empty()) return;
    asio::post(context_, [self = shared_from_this()] {
      self->flush_posted_ = false;
      self->guarded("writing", [&] { self->write(); });
    });
    flush_posted_ = true;
  }

  void close() override {
    listener_ = nullptr;
    closed_ = true;
    error_code ignored;
    socket_.close(ignored);
  }

 private:
  // `self` keeps the connection alive while the coroutine runs.
  asio::awaitable<void> open(std::shared_ptr<AsioConnection> self) {
    auto fault = co_await redis::dial(socket_, tls_, address_, tls_context_.get(), closed_);
    if (closed_) co_return;
    if (fault) {
      self->fail(*fault);
      co_return;
    }
    listener_->on_open();
    self->read();
  }

  void read() {
    if (closed_) return;
    const auto room = parser_.prepare();
    const auto buffer = asio::buffer(room.data(), room.size());
    auto done = [self = shared_from_this()](error_code error, std::size_t count) { self->on_read(error, count); };
    if (tls_) {
      tls_->async_read_some(buffer, std::move(done));
    } else {
      socket_.async_read_some(buffer, std::move(done));
    }
  }

  // An exception here means a bug or no memory. It costs this connection only.
  template <class Work>
  void guarded(std::string_view doing, Work work) {
    try {
      work();
    } catch (const std::exception& thrown) {
      fail({Cause::internal, cat(doing, " failed inside this program: ", thrown.what())});
    }
  }

  void on_read(error_code error, std::size_t count) {
    guarded("reading", [&] { take(error, count); });
  }

  void take(error_code error, std::size_t count) {
    if (closed_) return;
    if (error) {
      fail(ended(error));
      return;
    }
    parser_.commit(count);
    while (!closed_) {
      switch (parser_.next()) {
        case ReplyParser::Progress::reply:
          any_reply_ = true;
          listener_->on_reply(parser_.reply());
          continue;
        case ReplyParser::Progress::broken:
          fail(broken());
          return;
        case ReplyParser::Progress::need_more:
          break;
      }
      break;
    }
    read();
  }

  void write() {
    if (closed_ || out_.empty() || !writing_.empty()) return;
    std::swap(out_, writing_);
    auto done = [self = shared_from_this()](error_code error, std::size_t) {
      self->guarded("writing", [&] { self->on_written(error); });
    };
    if (tls_) {
      asio::async_write(*tls_, asio::buffer(writing_), std::move(done));
    } else {
      asio::async_write(socket_, asio::buffer(writing_), std::move(done));
    }
  }

  void on_written(error_code error) {
    if (closed_) return;
    if (error) {
      fail(ended(error));
      return;
    }
    writing_.clear();
    if (writing_.capacity() > kKeepCapacity) writing_.shrink_to_fit();
    write();
  }

  void fail(const ConnectionFault& fault) {
    Listener* const listener = listener_;
    close();
    if (listener != nullptr) listener->on_fault(fault);
  }

  static ConnectionFault ended(error_code error) {
    if (error == asio::error::eof || error == asio::ssl::error::stream_truncated) {
      return {Cause::ended, "Redis closed the connection"};
    }
    return {Cause::ended, cat("the connection broke: ", error.message())};
  }

  [[nodiscard]] ConnectionFault broken() const {
    if (!any_reply_ && !tls_ && parser_.next_byte() == kTlsAlert) return {Cause::tls_answer, "the server speaks TLS"};
    return {Cause::protocol, cat("the server sent bytes that are not RESP3: ", parser_.fault())};
  }

  asio::io_context& context_;
  const Address address_;
  const std::shared_ptr<TlsContext> tls_context_;
  Listener* listener_;  // null once closed
  bool closed_ = false;
  Socket socket_;
  std::optional<TlsStream> tls_;
  ReplyParser parser_;
  std::string out_;      // the bytes of the next write
  std::string writing_;  // the bytes of the write in progress; empty if there is none
  bool flush_posted_ = false;
  bool any_reply_ = false;
};

}  // namespace

std::shared_ptr<Connection> Connection::dial(boost::asio::io_context& context, Address address,
                                             std::size_t max_reply_bytes, std::shared_ptr<TlsContext> tls,
                                             Listener& listener) {
  auto connection =
      std::make_shared<AsioConnection>(context, std::move(address), max_reply_bytes, std::move(tls), listener);
  connection->begin();
  return connection;
}

}  // namespace wx::redis
