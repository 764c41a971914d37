// One I/O thread and all that belongs to it: its loop, its Redis connection, its listener, its endpoints.
#pragma once

#include <memory>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include "app/options.hpp"
#include "base/asio_executor.hpp"
#include "base/fleet_clock.hpp"
#include "cache/backplane.hpp"
#include "cache/outage_tier.hpp"
#include "cache/redis_tier.hpp"
#include "cache/tiered_cache.hpp"
#include "endpoints/endpoints.hpp"
#include "http_server/server.hpp"
#include "redis/client.hpp"
#include "redis/common.hpp"
#include "redis/time_watch.hpp"
#include "weather/mock.hpp"
#include "weather/service.hpp"

namespace wx::app {

// References that all I/O threads share. What they refer to outlives the threads.
struct Shared {
  const Options& options;
  weather::Service& service;
  drop_in::Service* drop_in;  // null: DROP_IN is off
  const endpoints::ReadStatus& read_status;
  endpoints::LabGate& lab;
  endpoints::Limits& limits;
  redis::Common* redis;   // null: memory only
  cache::Outage* outage;  // null: the laboratory stages none; else there is a Redis
  cache::FleetListener& listener;
  const Clock& clock;
  FleetClock& fleet_clock;  // for moments that processes compare; Redis sets it
  observability::Metrics& metrics;
  observability::Log& log;
};

class IoThread {
 public:
  // `options` must have the port that the first thread was given. The `first` thread runs the backplane and
  // sets the fleet's clock.
  IoThread(const Shared& shared, const http_server::ServerOptions& options, bool first);
  // Joins the thread. Work that is still queued is dropped.
  ~IoThread();
  IoThread(const IoThread&) = delete;
  IoThread& operator=(const IoThread&) = delete;

  // Before run().
  [[nodiscard]] Result<std::uint16_t> listen() { return server_.listen(); }
  // Sets a handler that is called on this thread at every connection to Redis, when its breaker closes, and every half
  // minute, once the time of Redis is known. `connected` except for the last. Of the first thread, before run(), and
  // only with Redis.
  void on_redis_watch(std::move_only_function<void(bool connected)> handler) {
    time_watch_->on_asked(std::move(handler));
  }
  // Starts the thread.
  void run();

  // From any thread.
  void drain(std::move_only_function<void()> drained);
  void stop();
  void renew_admin_token(std::string token, std::move_only_function<void()> taken);
  void renew_redis(redis::Credentials credentials);
  [[nodiscard]] std::size_t connections() const { return server_.open_connections(); }
  [[nodiscard]] std::optional<redis::ConnectionState> redis_state() const;
  [[nodiscard]] bool breaker_open() const { return redis_ && redis_->breaker_open(); }
  // Whether messages of the other processes arrive. False on every thread but the first.
  [[nodiscard]] bool listening() const { return backplane_ && backplane_->listening(); }

  [[nodiscard]] Executor& executor() const { return *executor_; }
  // Null without Redis.
  [[nodiscard]] redis::Client* redis() const { return redis_.get(); }

 private:
  observability::Log& log_;
  weather::Service& service_;
  // Sockets belong to this thread alone, so the reactor needs no locks around them; posting stays safe from any thread.
  boost::asio::io_context context_{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{context_.get_executor()};
  std::unique_ptr<Executor> executor_;
  std::unique_ptr<redis::Client> redis_;
  std::unique_ptr<cache::RedisTier> redis_tier_;
  std::unique_ptr<cache::OutageTier> outage_tier_;
  std::unique_ptr<cache::Backplane> backplane_;
  std::unique_ptr<redis::TimeWatch> time_watch_;
  cache::CacheThread worker_;
  weather::Mock mock_;
  weather::ServiceThread service_thread_;
  endpoints::EndpointOptions endpoint_options_;  // this thread's own, because the token may change
  endpoints::Endpoints endpoints_;
  http_server::Server server_;
  std::thread thread_;
};

}  // namespace wx::app
