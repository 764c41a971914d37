#include "support/fake_provider.hpp"

#include <algorithm>
#include <array>
#include <mutex>
#include <set>

#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>

#include "base/text.hpp"
#include "support/background.hpp"
#include "support/counter.hpp"

namespace wx::test {
namespace {

using asio::ip::tcp;

ProviderRequest parse(std::string_view head) {
  ProviderRequest request;
  const std::string_view line = head.substr(0, head.find("\r\n"));
  request.method = line.substr(0, line.find(' '));
  const std::string_view rest = line.substr(std::min(line.size(), request.method.size() + 1));
  request.target = rest.substr(0, rest.find(' '));
  head.remove_prefix(std::min(line.size() + 2, head.size()));
  while (!head.empty()) {
    const std::size_t end = std::min(head.find("\r\n"), head.size());
    const std::string_view field = head.substr(0, end);
    const std::size_t colon = std::min(field.find(':'), field.size());
    request.headers.emplace_back(field.substr(0, colon), trim(field.substr(std::min(colon + 1, field.size()))));
    head.remove_prefix(std::min(end + 2, head.size()));
  }
  return request;
}

// A reply, cut into the part that is written at once and the part that is written byte by byte.
struct Wire {
  std::string head;
  std::string body;
  std::string tail;
};

Wire wire(const ProviderReply& reply) {
  if (reply.raw) return {{}, reply.raw->substr(0, reply.stop_after.value_or(std::string::npos)), {}};
  const bool chunked = reply.framing == ProviderReply::Framing::chunked;
  Wire out;
  out.head = cat("HTTP/1.1 ", reply.status, " Scripted\r\nContent-Type: ", reply.content_type, "\r\n");
  for (const auto& [name, value] : reply.headers) append(out.head, cat(name, ": ", value, "\r\n"));
  if (reply.ending == ProviderReply::Ending::close) append(out.head, "Connection: close\r\n");
  append(out.head,
         chunked ? "Transfer-Encoding: chunked\r\n\r\n" : cat("Content-Length: ", reply.body.size(), "\r\n\r\n"));
  if (chunked && !reply.body.empty()) {
    std::array<char, 16> size{};
    const auto end = std::to_chars(size.data(), size.data() + size.size(), reply.body.size(), 16).ptr;
    append(out.head, cat(std::string_view(size.data(), end), "\r\n"));
  }
  out.body = reply.body.substr(0, reply.stop_after.value_or(std::string::npos));
  if (chunked && !reply.stop_after) out.tail = reply.body.empty() ? "0\r\n\r\n" : "\r\n0\r\n\r\n";
  return out;
}

}  // namespace

std::string ProviderRequest::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (iequals(key, name)) return value;
  }
  return {};
}

std::string ProviderRequest::parameter(std::string_view name) const {
  std::string_view query = target;
  query.remove_prefix(std::min(query.find('?'), query.size()));
  while (!query.empty()) {
    query.remove_prefix(1);
    const std::string_view pair = query.substr(0, query.find('&'));
    if (pair.starts_with(name) && pair.substr(name.size()).starts_with('=')) {
      return std::string(pair.substr(name.size() + 1));
    }
    query.remove_prefix(pair.size());
  }
  return {};
}

// The coroutines run on the loop's thread and hold references to this, so the loop must end first.
struct FakeProvider::State {
  template <class Stream>
  asio::awaitable<void> serve(Stream& stream) {
    std::string buffer;
    error_code failed;
    while (!failed) {
      const std::size_t size = co_await asio::async_read_until(stream, asio::dynamic_buffer(buffer), "\r\n\r\n",
                                                               asio::redirect_error(asio::use_awaitable, failed));
      if (failed) co_return;
      const ProviderReply reply = take(std::string_view(buffer).substr(0, size - 4));
      buffer.erase(0, size);
      const Running counted(*this);
      const bool again = co_await answer(stream, reply);
      if (!again) co_return;
    }
  }

  // Returns whether the connection can take another request.
  template <class Stream>
  asio::awaitable<bool> answer(Stream& stream, const ProviderReply& reply) {
    error_code failed;
    const auto caught = [&failed] { return asio::redirect_error(asio::use_awaitable, failed); };
    const Wire bytes = wire(reply);
    co_await pause(reply.delay);
    co_await asio::async_write(stream, asio::buffer(bytes.head), caught());
    if (reply.per_byte.count() == 0) {
      co_await asio::async_write(stream, asio::buffer(bytes.body), caught());
    } else {
      for (std::size_t i = 0; i < bytes.body.size() && !failed; ++i) {
        co_await asio::async_write(stream, asio::buffer(bytes.body.data() + i, 1), caught());
        co_await pause(reply.per_byte);
      }
    }
    if (failed) co_return false;
    co_await asio::async_write(stream, asio::buffer(bytes.tail), caught());
    if (reply.ending == ProviderReply::Ending::hang) {
      std::array<char, 64> ignored{};
      while (!failed) co_await stream.async_read_some(asio::buffer(ignored), caught());
    }
    if (reply.ending == ProviderReply::Ending::reset) {
      stream.lowest_layer().set_option(asio::socket_base::linger(true, 0), failed);
      stream.lowest_layer().close(failed);
    }
    co_return !failed && reply.ending == ProviderReply::Ending::keep_alive;
  }

  asio::awaitable<void> pause(milliseconds span) {
    if (span.count() == 0) co_return;
    asio::steady_timer timer(loop.context(), span);
    co_await timer.async_wait(asio::use_awaitable);
  }

  asio::awaitable<void> connection(tcp::socket socket) {
    error_code failed;
    socket.set_option(tcp::no_delay(true), failed);
    if (!tls) {
      const Open open(*this, socket);
      co_await serve(socket);
      co_return;
    }
    asio::ssl::stream<tcp::socket> stream(std::move(socket), *tls);
    const Open open(*this, stream.next_layer());
    co_await stream.async_handshake(asio::ssl::stream_base::server, asio::redirect_error(asio::use_awaitable, failed));
    if (!failed) co_await serve(stream);
  }

  asio::awaitable<void> accept() {
    while (true) {
      error_code failed;
      tcp::socket socket = co_await acceptor->async_accept(asio::redirect_error(asio::use_awaitable, failed));
      if (failed == asio::error::operation_aborted) co_return;
      if (!failed) asio::co_spawn(loop.context(), connection(std::move(socket)), asio::detached);
    }
  }

  void listen(std::uint16_t on) {
    acceptor.emplace(loop.context(), tcp::endpoint(asio::ip::address_v4::loopback(), on));
    acceptor->listen(4096);
    port = acceptor->local_endpoint().port();
    asio::co_spawn(loop.context(), accept(), asio::detached);
  }

  ProviderReply take(std::string_view head) {
    ProviderRequest request = parse(head);
    const std::lock_guard lock(mutex);
    request.number = requests.size() + 1;
    requests.push_back(request);
    calls.add();
    return script(request);
  }

  struct Running {
    explicit Running(State& state) : counter(state.running) { counter.add(1); }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;
    ~Running() { counter.add(-1); }
    Counter& counter;
  };
  struct Open {
    Open(State& state, tcp::socket& socket) : all(state.sockets), own(&socket) { all.insert(own); }
    Open(const Open&) = delete;
    Open& operator=(const Open&) = delete;
    ~Open() { all.erase(own); }
    std::set<tcp::socket*>& all;
    tcp::socket* own;
  };

  std::optional<asio::ssl::context> tls;
  Counter calls;
  Counter running;
  std::mutex mutex;
  Script script;                          // guarded by mutex
  std::vector<ProviderRequest> requests;  // guarded by mutex
  std::uint16_t port = 0;
  std::set<tcp::socket*> sockets;         // the loop's thread only
  std::optional<tcp::acceptor> acceptor;  // the loop's thread only
  Background loop;
};

FakeProvider::FakeProvider(std::optional<ServerCertificate> tls) : state_(std::make_unique<State>()) {
  answer_weather();
  if (tls) {
    state_->tls.emplace(asio::ssl::context::tls_server);
    state_->tls->use_certificate_chain_file(tls->certificate_file);
    state_->tls->use_private_key_file(tls->key_file, asio::ssl::context::pem);
  }
  state_->loop.call([this] { state_->listen(0); });
}

FakeProvider::~FakeProvider() {
  state_->loop.stop();
  state_->acceptor.reset();
}

std::uint16_t FakeProvider::port() const {
  return state_->port;
}

std::string FakeProvider::url() const {
  return state_->tls ? cat("https://localhost:", state_->port) : cat("http://127.0.0.1:", state_->port);
}

void FakeProvider::script(Script script) {
  const std::lock_guard lock(state_->mutex);
  state_->script = std::move(script);
}

void FakeProvider::always(ProviderReply reply) {
  script([reply = std::move(reply)](const ProviderRequest&) { return reply; });
}

void FakeProvider::answer_weather(milliseconds delay) {
  script([delay](const ProviderRequest& request) {
    ProviderReply reply = weather_reply(request);
    reply.delay = delay;
    return reply;
  });
}

void FakeProvider::shut() {
  state_->loop.call([this] {
    error_code ignored;
    state_->acceptor->close(ignored);
    for (tcp::socket* socket : state_->sockets) socket->close(ignored);
  });
}

void FakeProvider::open() {
  state_->loop.call([this] { state_->listen(state_->port); });
}

std::size_t FakeProvider::calls() const {
  return state_->calls.value();
}

std::vector<ProviderRequest> FakeProvider::requests() const {
  const std::lock_guard lock(state_->mutex);
  return state_->requests;
}

std::size_t FakeProvider::running() const {
  return state_->running.value();
}

std::size_t FakeProvider::max_running() const {
  return state_->running.highest();
}

bool FakeProvider::wait_for_calls(std::size_t count, milliseconds timeout) const {
  return state_->calls.wait_for(count, timeout);
}

bool FakeProvider::wait_for_running(std::size_t count, milliseconds timeout) const {
  return state_->running.wait_for(count, timeout);
}

}  // namespace wx::test
