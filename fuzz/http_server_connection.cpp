// Sends the input to a connection over a real socket, once whole and once cut as the input says, down to single bytes.
// Both runs must receive the same bytes, every answer must be whole, and no connection may remain.
#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <sys/socket.h>
#include <unistd.h>

#include "base/asio_executor.hpp"
#include "base/clock.hpp"
#include "base/text.hpp"
#include "http_server/connection.hpp"
#include "http_server/server_context.hpp"
#include "observability/log.hpp"
#include "observability/metrics.hpp"
#include "require.hpp"

namespace {

using wx::fuzz::require;
using namespace wx;               // NOLINT(google-build-using-namespace): this file is about one room
using namespace wx::http_server;  // NOLINT(google-build-using-namespace)

class StillClock final : public Clock {
 public:
  [[nodiscard]] SteadyTime steady() const override { return SteadyTime(std::chrono::hours(1)); }
  [[nodiscard]] WallTime wall() const override { return WallTime(milliseconds(1'767'225'600'000)); }
};

class NoLog final : public observability::Log {
 public:
  void write(observability::LogLevel, std::string_view, std::string_view,
             std::span<const observability::LogField>) override {}
  void write_request(observability::LogLevel, const observability::RequestLine&) override {}
  [[nodiscard]] bool enabled(observability::LogLevel) const override { return false; }
};

// The length of the path selects the behaviour: an answer at once, later, or with a large body; no answer; a dropped
// Responder.
class Answers final : public Handler {
 public:
  explicit Answers(asio::io_context& context) : context_(context) {}

  void handle(Exchange& exchange) override {
    const std::string_view target = exchange.request().target();
    switch (target.size() % 8) {
      case 1:
      case 2:
      case 3:
      case 4:
        return exchange.respond(200, "Content-Type: text/plain\r\n", {target});
      case 5:
        asio::post(context_, [responder = exchange.defer()]() mutable {
          const std::string text(responder.request().target());
          responder.respond(200, "", {"later ", text});
        });
        return;
      case 6:
        return exchange.respond(200, "", {"before ", much_, " after"});
      case 7:
        return;
      default:
        (void)exchange.defer();
    }
  }
  void refuse(Exchange& exchange, ErrorKind kind, std::string_view detail) override {
    exchange.respond(kind == ErrorKind::internal ? 500 : 400, "", {name(kind), ": ", detail});
  }

 private:
  asio::io_context& context_;
  const Body much_{std::string(40'000, 'x')};
};

// All bytes that the connection sends in answer to these pieces.
std::string said_to(const std::vector<std::string_view>& pieces) {
  asio::io_context context(1);
  const auto executor = make_asio_executor(context);
  const StillClock clock;
  NoLog log;
  observability::Metrics metrics;
  Answers handler(context);
  const auto budget = std::make_shared<ConnectionBudget>(1);
  require(budget->acquire());
  const auto server =
      std::make_shared<ServerContext>(context, *executor, handler, ServerOptions{}, clock, metrics, log);

  std::array<int, 2> ends{};
  require(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) == 0);
  std::string heard;
  std::weak_ptr<Connection> weak;
  {
    Socket socket(context);
    socket.assign(asio::ip::tcp::v4(), ends[0]);
    const auto connection = std::make_shared<Connection>(server, std::move(socket), asio::ip::tcp::endpoint(), budget);
    weak = connection;
    connection->start();
  }
  const auto listen = [&] {
    std::array<char, 65536> buffer;
    for (int quiet = 0; quiet < 2;) {
      context.restart();
      const auto ran = context.poll();
      const auto count = ::recv(ends[1], buffer.data(), buffer.size(), 0);
      if (count > 0) heard.append(buffer.data(), static_cast<std::size_t>(count));
      quiet = ran == 0 && count <= 0 ? quiet + 1 : 0;
    }
  };
  for (std::string_view piece : pieces) {
    while (!piece.empty()) {
      const auto count = ::send(ends[1], piece.data(), piece.size(), MSG_NOSIGNAL);
      if (count > 0) piece.remove_prefix(static_cast<std::size_t>(count));
      listen();
      if (count <= 0 && errno != EAGAIN) break;  // the connection is closed
    }
  }
  listen();
  ::shutdown(ends[1], SHUT_WR);
  listen();
  ::close(ends[1]);
  listen();
  require(weak.expired() && server->open == 0 && budget->open() == 0);
  return heard;
}

// Every head must be followed by the body that its Content-Length announces, and nothing may follow a closing answer.
void require_whole_answers(std::string_view heard, bool head_requests) {
  while (!heard.empty()) {
    require(heard.starts_with("HTTP/1.1 "));
    const auto end = heard.find("\r\n\r\n");
    require(end != std::string_view::npos);
    const auto head = heard.substr(0, end + 2);
    heard.remove_prefix(end + 4);
    const std::string_view length = "Content-Length: ";
    const auto at = head.find(length);
    require(at != std::string_view::npos);
    const auto digits = head.substr(at + length.size());
    const auto size = parse_unsigned(digits.substr(0, digits.find('\r')));
    require(size.has_value());
    if (head.find("Connection: close\r\n") != std::string_view::npos) {
      require(heard.size() == *size || (head_requests && heard.empty()));
      return;
    }
    if (head_requests) return;  // the answer has no body, and only the requests tell which answer it is
    require(heard.size() >= *size);
    heard.remove_prefix(*size);
  }
}

}  // namespace

// The first byte selects how the rest is cut: by single bytes, by a fixed step, or by growing steps.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2 || size > 20'000) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  std::vector<std::string_view> pieces;
  std::size_t step = data[0] < 128 ? 1 : data[0] - std::size_t{127};
  const std::size_t growth = data[0] % 4 == 3 ? 1 : 0;
  for (std::size_t at = 0; at < bytes.size();) {
    pieces.push_back(bytes.substr(at, step));
    at += pieces.back().size();
    step += growth;
  }
  const std::string whole = said_to({bytes});
  require(said_to(pieces) == whole);
  require_whole_answers(whole, bytes.find("HEAD") != std::string_view::npos);
  return 0;
}
