#include "support/black_hole.hpp"

#include <array>
#include <atomic>
#include <charconv>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include <boost/asio/write.hpp>

#include "support/background.hpp"
#include "support/counter.hpp"

namespace wx::test {
namespace {

using asio::ip::tcp;

// Counts the commands (arrays of bulk strings) in the bytes of a Redis client, wherever they are split. Counts none in
// other protocols.
class CommandCounter {
 public:
  std::size_t feed(std::string_view bytes) {
    std::size_t complete = 0;
    for (const char c : bytes) {
      if (skip_ > 0) {
        if (--skip_ == 0 && texts_ == 0) ++complete;
        continue;
      }
      line_ += c;
      if (c != '\n') continue;
      const char type = line_.front();
      std::size_t number = 0;
      (void)std::from_chars(line_.data() + 1, line_.data() + line_.size(), number);
      if (type == '*') {
        texts_ = number;
      } else if (type == '$' && texts_ > 0) {
        --texts_;
        skip_ = number + 2;
      }
      line_.clear();
    }
    return complete;
  }

 private:
  std::string line_;
  std::size_t texts_ = 0;  // texts of this command that have not come yet
  std::size_t skip_ = 0;   // the rest of a text and its line end
};

// The two sides of one connection through the proxy. For the loop's thread only.
struct Pair {
  explicit Pair(asio::io_context& context) : client(context), server(context) {}
  tcp::socket client;
  tcp::socket server;
  CommandCounter commands;
  bool swallowed = false;

  void reset() {
    error_code ignored;
    client.set_option(asio::socket_base::linger(true, 0), ignored);
    close();
  }

  void close() {
    error_code ignored;
    client.close(ignored);
    server.close(ignored);
  }
};

BlackHole::ChooseDelay constant(milliseconds span) {
  return [span](BlackHole::Direction, std::string_view) { return span; };
}

}  // namespace

// The coroutines run on the loop's thread and hold references to this, so the loop must end first.
struct BlackHole::State {
  asio::awaitable<void> forward(std::shared_ptr<Pair> pair, tcp::socket& from, tcp::socket& to) {
    std::array<char, 16384> buffer;
    error_code failed;
    while (true) {
      const std::size_t size =
          co_await from.async_read_some(asio::buffer(buffer), asio::redirect_error(asio::use_awaitable, failed));
      if (failed) break;
      const bool from_client = &from == &pair->client;
      const milliseconds pause =
          choose_delay(from_client ? Direction::to_server : Direction::to_client, {buffer.data(), size});
      if (pause.count() > 0) {
        asio::steady_timer timer(loop.context(), pause);
        co_await timer.async_wait(asio::use_awaitable);
      }
      const std::size_t commands = from_client ? pair->commands.feed({buffer.data(), size}) : 0;
      if (pair->swallowed) continue;
      if (!instead.empty()) {
        if (!from_client) continue;  // the server's remaining answer comes too late
        std::string replies;
        for (std::size_t i = 0; i < commands; ++i) replies += instead;
        co_await asio::async_write(from, asio::buffer(replies), asio::redirect_error(asio::use_awaitable, failed));
      } else {
        co_await asio::async_write(to, asio::buffer(buffer.data(), size),
                                   asio::redirect_error(asio::use_awaitable, failed));
      }
      if (failed) break;
    }
    // Once a connection is swallowed, nothing that one end does reaches the other.
    error_code ignored;
    if (!pair->swallowed) {
      pair->close();
    } else {
      from.close(ignored);
    }
  }

  asio::awaitable<void> connection(std::shared_ptr<Pair> pair) {
    error_code failed;
    if (reset_new || !farewell.empty()) {
      if (!farewell.empty()) {
        co_await asio::async_write(pair->client, asio::buffer(farewell),
                                   asio::redirect_error(asio::use_awaitable, failed));
      }
      reset_new ? pair->reset() : pair->close();
      co_return;
    }
    pairs.insert(pair);
    pair->swallowed = swallow_new;
    if (!pair->swallowed) {
      const tcp::endpoint where(asio::ip::address_v4::loopback(), upstream);
      co_await pair->server.async_connect(where, asio::redirect_error(asio::use_awaitable, failed));
      if (failed) {
        pair->close();
        co_return;
      }
      pair->client.set_option(tcp::no_delay(true), failed);
      pair->server.set_option(tcp::no_delay(true), failed);
      asio::co_spawn(loop.context(), forward(pair, pair->server, pair->client), asio::detached);
    }
    co_await forward(pair, pair->client, pair->server);
    pairs.erase(pair);
  }

  asio::awaitable<void> accept() {
    while (true) {
      const auto pair = std::make_shared<Pair>(loop.context());
      error_code failed;
      co_await acceptor->async_accept(pair->client, asio::redirect_error(asio::use_awaitable, failed));
      if (failed == asio::error::operation_aborted) co_return;
      if (failed) continue;
      accepted.add();
      asio::co_spawn(loop.context(), connection(pair), asio::detached);
    }
  }

  explicit State(std::uint16_t to) : upstream(to) {}

  std::uint16_t port = 0;
  Counter accepted;
  // For the loop's thread only:
  std::uint16_t upstream;
  bool swallow_new = false;
  bool reset_new = false;
  std::string farewell;  // sent on new connections, which are then closed; empty: none
  std::string instead;   // the answer to every command; empty: none
  ChooseDelay choose_delay = constant(milliseconds(0));
  std::set<std::shared_ptr<Pair>> pairs;
  std::optional<tcp::acceptor> acceptor;
  Background loop;
};

BlackHole::BlackHole(std::uint16_t upstream) : state_(std::make_unique<State>(upstream)) {
  state_->loop.call([this] {
    state_->acceptor.emplace(state_->loop.context(), tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    state_->port = state_->acceptor->local_endpoint().port();
    asio::co_spawn(state_->loop.context(), state_->accept(), asio::detached);
  });
}

BlackHole::~BlackHole() {
  state_->loop.stop();
  state_->pairs.clear();
  state_->acceptor.reset();
}

std::uint16_t BlackHole::port() const {
  return state_->port;
}

void BlackHole::swallow_connections() {
  state_->loop.call([this] {
    for (const auto& pair : state_->pairs) pair->swallowed = true;
  });
}

void BlackHole::swallow_everything() {
  state_->loop.call([this] {
    state_->swallow_new = true;
    for (const auto& pair : state_->pairs) pair->swallowed = true;
  });
}

void BlackHole::heal() {
  state_->loop.call([this] {
    state_->swallow_new = state_->reset_new = false;
    state_->farewell.clear();
    state_->instead.clear();
  });
}

void BlackHole::reset_connections() {
  state_->loop.call([this] {
    for (const auto& pair : state_->pairs) pair->reset();
  });
}

void BlackHole::reset_everything() {
  state_->loop.call([this] { state_->reset_new = true; });
  reset_connections();
}

void BlackHole::answer_commands(std::string_view bytes) {
  state_->loop.call([this, bytes] { state_->instead = bytes; });
}

void BlackHole::turn_away(std::string_view bytes) {
  state_->loop.call([this, bytes] { state_->farewell = bytes; });
  reset_connections();
}

void BlackHole::lead_to(std::uint16_t upstream) {
  state_->loop.call([this, upstream] { state_->upstream = upstream; });
}

void BlackHole::delay(milliseconds span) {
  delay(constant(span));
}

void BlackHole::delay(ChooseDelay choose) {
  state_->loop.call([this, &choose] { state_->choose_delay = std::move(choose); });
}

std::size_t BlackHole::accepted() const {
  return state_->accepted.value();
}

bool BlackHole::wait_for_accepted(std::size_t count, milliseconds timeout) const {
  return state_->accepted.wait_for(count, timeout);
}

}  // namespace wx::test
