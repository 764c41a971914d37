#include "http_server/server.hpp"

#include <cerrno>
#include <map>

#include "base/async.hpp"
#include "http_server/connection.hpp"
#include "http_server/listen_socket.hpp"
#include "http_server/make_place.hpp"
#include "http_server/memory_relief.hpp"
#include "http_server/server_context.hpp"
#include "observability/log_exception.hpp"

namespace wx::http_server {
namespace {

// The interval between checks for expired connections.
constexpr milliseconds kTick{250};
// The pause in accepting when no file descriptor is left.
constexpr milliseconds kAcceptPause{100};
// The limit of accepts in one turn of the loop. A flood of new clients must not starve those being served.
constexpr int kAcceptBatch = 64;
// A search that takes longer is lost.
constexpr milliseconds kSearchTime{1000};

bool out_of_descriptors(const error_code& error) {
  const int number = error.value();
  return number == EMFILE || number == ENFILE || number == ENOBUFS || number == ENOMEM;
}

bool from_here(const asio::ip::address& address) {
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).is_loopback();
  }
  return address.is_loopback();
}

}  // namespace

class Server::Impl final : public std::enable_shared_from_this<Server::Impl>, private ConnectionBudget::Member {
 public:
  Impl(asio::io_context& context, Executor& executor, Handler& handler, const ServerOptions& options,
       const Clock& clock, observability::Metrics& metrics, observability::Log& log)
      : server_(std::make_shared<ServerContext>(context, executor, handler, options, clock, metrics, log)),
        slots_(options.budget ? options.budget : std::make_shared<ConnectionBudget>(options.max_connections)),
        above_limit_(std::make_shared<ConnectionBudget>(options.surplus.answered)),
        above_limit_here_(std::make_shared<ConnectionBudget>(options.surplus.answered_here)),
        tick_(context),
        accept_pause_(context) {
    slots_->join(*this);
    if (server_->memory) server_->memory->join();
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() override {
    slots_->leave(*this);
    if (server_->memory) server_->memory->leave();
  }

  Result<std::uint16_t> listen() {
    const auto& options = server_->options;
    auto opened = open_listener(server_->context, options.address, options.port, Sharing::reuse_port);
    if (!opened) return std::unexpected(opened.error());
    listener_.emplace(std::move(*opened));
    return listener_->local_endpoint().port();
  }

  void wait_for_clients() noexcept {
    if (!listener_) return;
    try {
      listener_->async_wait(Acceptor::wait_read, [self = shared_from_this()](const error_code& error) {
        error ? self->pause_accepting() : self->accept_waiting();
      });
    } catch (...) {
      observability::log_exception(server_->log, "http_server", "waiting for clients failed");
      pause_accepting();
    }
  }

  void drain() {
    if (std::exchange(server_->draining, true)) return;
    // Clients in the kernel's queue connected before the drain began.
    while (listener_ && accept_batch() == Batch::more) continue;
    listener_.reset();
    for (auto& [id, arrival] : std::exchange(searching_, {})) give_up(std::move(arrival));
    for (const auto phase : {ConnectionPhase::idle, ConnectionPhase::untaken, ConnectionPhase::surplus}) {
      while (auto* idle = server_->deadlines.oldest(phase)) static_cast<Connection*>(idle)->finish_idle();
    }
    server_->report_if_drained();
  }

  void on_drained(std::move_only_function<void()> call) {
    server_->on_drained = std::make_shared<std::move_only_function<void()>>(std::move(call));
  }

  void close() {
    slots_->leave(*this);
    listener_.reset();
    searching_.clear();
    tick_.cancel();
    accept_pause_.cancel();
    for (std::size_t phase = 0; phase < kConnectionPhases; ++phase) {
      while (auto* entry = server_->deadlines.oldest(ConnectionPhase{static_cast<std::uint8_t>(phase)})) {
        static_cast<Connection*>(entry)->close();
      }
    }
  }

  [[nodiscard]] std::size_t open_connections() const { return server_->open.load(std::memory_order_relaxed); }

 private:
  enum class Batch { more, all, no_descriptor };

  // A client that was accepted and has no place yet.
  struct Arrival {
    Socket socket;
    asio::ip::tcp::endpoint peer;
    SteadyTime since{};
  };

  void accept_waiting() noexcept {
    if (!listener_) return;
    accept_batch() == Batch::no_descriptor ? pause_accepting() : wait_for_clients();
  }

  // Accepts again after a pause, because no file descriptor or no memory is left at the moment.
  void pause_accepting() noexcept {
    if (!listener_) return;
    try {
      accept_pause_.expires_after(kAcceptPause);
      accept_pause_.async_wait([self = shared_from_this()](const error_code& error) {
        if (!error) self->accept_waiting();
      });
    } catch (...) {
      observability::log_exception(server_->log, "http_server", "pausing the listener failed");
    }
  }

  // An exception closes one client's connection; the listener continues.
  Batch accept_batch() noexcept {
    try {
      return accept_some();
    } catch (...) {
      observability::log_exception(server_->log, "http_server", "accepting a client failed");
      return Batch::all;
    }
  }

  Batch accept_some() {
    for (int i = 0; i < kAcceptBatch; ++i) {
      error_code error;
      asio::ip::tcp::endpoint peer;
      Socket socket(server_->context);
      listener_->accept(socket, peer, error);
      if (!error) {
        note(Shortage::descriptors, false);
        adopt(std::move(socket), peer);
      } else if (would_block(error)) {
        return Batch::all;
      } else if (out_of_descriptors(error)) {
        note(Shortage::descriptors, true);
        return Batch::no_descriptor;
      }
      // Any other error concerns one client, which has already disconnected.
    }
    return Batch::more;
  }

  void adopt(Socket socket, const asio::ip::tcp::endpoint& peer) {
    if (slots_->acquire() || make_place(*server_, *slots_)) return serve(std::move(socket), peer, slots_);
    if (searching_.size() >= server_->options.surplus.searching) return serve_above_limit(std::move(socket), peer);
    const auto id = ++last_search_;
    if (!ticking_) tick();  // end_lost_searches()
    searching_.emplace(id, Arrival{.socket = std::move(socket), .peer = peer, .since = server_->clock.steady()});
    slots_->search_on({.asker = this, .id = id});
  }

  bool give_place(const ConnectionBudget::Search& search) noexcept override {
    return post([search](Impl& self) {
      if (make_place(*self.server_, *self.slots_)) self.slots_->release();  // for the asker, which acquires it now
      self.slots_->search_on(search);
    });
  }

  bool on_searched(std::uint64_t id, bool found) noexcept override {
    return post([id, found](Impl& self) {
      auto arrival = self.searching_.extract(id);
      if (arrival.empty() && found) self.slots_->release();  // the search was given up
      if (arrival.empty()) return;
      if (!found) return self.give_up(std::move(arrival.mapped()));
      self.serve(std::move(arrival.mapped().socket), arrival.mapped().peer, self.slots_);
    });
  }

  // Ends the searches that were lost, because a server was closed or has no memory to go on with them.
  void end_lost_searches() {
    const SteadyTime latest = server_->clock.steady() - kSearchTime;
    while (!searching_.empty() && searching_.begin()->second.since <= latest) {
      give_up(std::move(searching_.extract(searching_.begin()).mapped()));
    }
  }

  // Serves a client for which no place was found.
  void give_up(Arrival arrival) noexcept {
    try {
      serve_above_limit(std::move(arrival.socket), arrival.peer);
    } catch (...) {
      observability::log_exception(server_->log, "http_server", "accepting a client failed");
    }
  }

  // Runs work(*this) on the server's thread, from any thread. Returns false if that cannot be posted.
  template <class Work>
  bool post(Work work) noexcept {
    try {
      asio::post(server_->context, [weak = weak_from_this(), work, &log = server_->log] {
        const auto self = weak.lock();
        if (!self) return;
        try {
          work(*self);
        } catch (...) {
          observability::log_exception(log, "http_server", "a search for a place failed");
        }
      });
      return true;
    } catch (...) {
      observability::log_exception(server_->log, "http_server", "a search for a place could not be posted");
      return false;
    }
  }

  // Serves a client whose place was acquired.
  void serve(Socket socket, const asio::ip::tcp::endpoint& peer, const std::shared_ptr<ConnectionBudget>& slot) {
    note(Shortage::slots, false);
    const auto connection = connect(std::move(socket), peer, slot);
    if (!ticking_) tick();
    connection->start();
  }

  void serve_above_limit(Socket socket, const asio::ip::tcp::endpoint& peer) {
    note(Shortage::slots, true);
    const auto& slot = from_here(peer.address()) ? above_limit_here_ : above_limit_;
    if (!slot->acquire() && !make_surplus_place(*server_, *slot)) {
      return server_->metrics.add(observability::Counter::http_connections_refused);
    }
    const auto connection = connect(std::move(socket), peer, slot);
    if (!ticking_) tick();
    connection->start_above_limit();
  }

  // Passes the acquired `slot` to the new connection, or releases it if the connection cannot be made.
  std::shared_ptr<Connection> connect(Socket socket, const asio::ip::tcp::endpoint& peer,
                                      const std::shared_ptr<ConnectionBudget>& slot) {
    try {
      return std::make_shared<Connection>(server_, std::move(socket), peer, slot);
    } catch (...) {
      slot->release();
      throw;
    }
  }

  // One timer serves all connections of the thread. It runs only while there are connections.
  void tick() {
    tick_.expires_after(kTick);
    tick_.async_wait([self = shared_from_this()](const error_code& error) {
      if (error) return;
      self->ticking_ = false;
      self->expire();
      self->keep_memory();
      if (self->open_connections() != 0 || !self->searching_.empty()) return self->tick();
      self->server_->report_if_drained();  // in case the last connection could not post it
    });
    ticking_ = true;
  }

  void expire() noexcept {
    try {
      const SteadyTime now = server_->clock.steady();
      while (auto* entry = server_->deadlines.expired(now)) static_cast<Connection*>(entry)->on_deadline();
      end_lost_searches();
    } catch (...) {
      observability::log_exception(server_->log, "http_server", "looking for expired connections failed");
    }
  }

  void keep_memory() noexcept {
    try {
      measure_waiting(*server_);
      relieve_memory(*server_);
      return_freed_memory(*server_);
    } catch (...) {
      observability::log_exception(server_->log, "http_server", "looking at the memory of connections failed");
    }
  }

  enum class Shortage : std::uint8_t { slots, descriptors };

  // Logs when a shortage begins and when it ends. An exception while logging does not affect a connection.
  void note(Shortage shortage, bool now) noexcept {
    bool& before = short_of_[static_cast<std::size_t>(shortage)];
    if (std::exchange(before, now) == now) return;
    const std::string_view what = shortage == Shortage::slots ? "connections" : "file descriptors";
    try {
      if (now) {
        server_->log.warn("http_server", "new connections are refused", {{"out_of", what}, {"open", slots_->open()}});
      } else {
        server_->log.info("http_server", "new connections are accepted again", {{"were_out_of", what}});
      }
    } catch (...) {
      observability::log_exception(server_->log, "http_server", "a shortage could not be logged");
    }
  }

  std::shared_ptr<ServerContext> server_;
  std::shared_ptr<ConnectionBudget> slots_;
  std::shared_ptr<ConnectionBudget> above_limit_;
  std::shared_ptr<ConnectionBudget> above_limit_here_;
  std::map<std::uint64_t, Arrival> searching_;  // in the order of their beginning
  std::uint64_t last_search_ = 0;
  std::optional<Acceptor> listener_;
  asio::steady_timer tick_;
  asio::steady_timer accept_pause_;
  bool ticking_ = false;
  std::array<bool, 2> short_of_{};
};

Server::Server(boost::asio::io_context& context, Executor& executor, Handler& handler, const ServerOptions& options,
               const Clock& clock, observability::Metrics& metrics, observability::Log& log)
    : impl_(std::make_shared<Impl>(context, executor, handler, options, clock, metrics, log)) {}

Server::~Server() {
  impl_->close();
}

Result<std::uint16_t> Server::listen() {
  return impl_->listen();
}
void Server::start() {
  impl_->wait_for_clients();
}
void Server::drain() {
  impl_->drain();
}
void Server::on_drained(std::move_only_function<void()> call) {
  impl_->on_drained(std::move(call));
}
void Server::close() {
  impl_->close();
}
std::size_t Server::open_connections() const {
  return impl_->open_connections();
}

}  // namespace wx::http_server
