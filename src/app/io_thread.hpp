// One I/O thread with all that lives and dies on it: its loop, its Redis connection, its listener, its endpoints.
#pragma once

#include <memory>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include "app/options.hpp"
#include "base/asio_executor.hpp"
#include "cache/backplane.hpp"
#include "cache/redis_tier.hpp"
#include "cache/tiered_cache.hpp"
#include "endpoints/endpoints.hpp"
#include "http_server/server.hpp"
#include "redis/client.hpp"
#include "redis/common.hpp"
#include "weather/mock.hpp"
#include "weather/service.hpp"

namespace wx::app {

// References that all I/O threads share. Everything outlives the threads.
struct Shared {
  const Options& options;
  weather::Service& service;
  const endpoints::ReadStatus& read_status;
  endpoints::LabGate& lab;
  endpoints::ClientLimit& client_limit;
  redis::Common* redis;  // null: memory only
  cache::FleetListener& listener;
  const Clock& clock;
  observability::Metrics& metrics;
  observability::Log& log;
};

class IoThread {
 public:
  // `options` are the server's: with the port that the first thread was given. `first`: this one listens to the fleet.
  IoThread(const Shared& shared, const http_server::ServerOptions& options, bool first);
  // Joins. Everything still running is dropped.
  ~IoThread();
  IoThread(const IoThread&) = delete;
  IoThread& operator=(const IoThread&) = delete;

  // Before run().
  [[nodiscard]] Result<std::uint16_t> listen() { return server_.listen(); }
  // Starts the thread.
  void run();

  // From any thread.
  void drain(std::move_only_function<void()> drained);
  void stop();
  [[nodiscard]] std::size_t connections() const { return server_.open_connections(); }
  [[nodiscard]] std::optional<redis::ConnectionState> redis_state() const;
  [[nodiscard]] bool breaker_open() const { return redis_ && redis_->breaker_open(); }
  // Only of the first: whether the other processes are heard.
  [[nodiscard]] bool listening() const { return backplane_ && backplane_->listening(); }

  [[nodiscard]] Executor& executor() const { return *executor_; }
  // Null without Redis.
  [[nodiscard]] redis::Client* redis() const { return redis_.get(); }

 private:
  observability::Log& log_;
  // Sockets belong to this thread alone, so the reactor needs no locks around them; posting stays safe from any thread.
  boost::asio::io_context context_{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{context_.get_executor()};
  std::unique_ptr<Executor> executor_;
  std::unique_ptr<redis::Client> redis_;
  std::unique_ptr<cache::RedisTier> redis_tier_;
  std::unique_ptr<cache::Backplane> backplane_;
  cache::CacheThread worker_;
  weather::Mock mock_;
  weather::ServiceThread service_thread_;
  endpoints::Endpoints endpoints_;
  http_server::Server server_;
  std::thread thread_;
};

}  // namespace wx::app
