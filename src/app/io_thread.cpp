#include "app/io_thread.hpp"

#include <boost/asio/post.hpp>

#include "app/run_loop.hpp"
#include "base/random.hpp"
#include "observability/log_exception.hpp"

namespace wx::app {
namespace {

std::unique_ptr<redis::Client> make_redis(const Shared& shared, boost::asio::io_context& context, Executor& executor) {
  if (shared.redis == nullptr) return nullptr;
  return std::make_unique<redis::Client>(context, executor, *shared.redis);
}

std::unique_ptr<cache::RedisTier> make_redis_tier(const Shared& shared, redis::Client* client) {
  if (client == nullptr) return nullptr;
  return std::make_unique<cache::RedisTier>(*client, shared.options.cache_prefix, shared.fleet_clock, shared.metrics,
                                            shared.log);
}

std::unique_ptr<cache::OutageTier> make_outage_tier(const Shared& shared, cache::RedisTier* tier) {
  if (tier == nullptr || shared.outage == nullptr) return nullptr;
  return std::make_unique<cache::OutageTier>(*tier, *shared.outage, weather::kMockKeys, shared.clock);
}

cache::RemoteTier* remote_tier(cache::OutageTier* with_outages, cache::RedisTier* without) {
  if (with_outages != nullptr) return with_outages;
  return without;
}

std::unique_ptr<cache::Backplane> make_backplane(const Shared& shared, redis::Client* client, cache::RedisTier* tier,
                                                 Executor& executor) {
  if (client == nullptr) return nullptr;
  return std::make_unique<cache::Backplane>(*client, tier->redis_epoch(), executor, shared.options.cache_prefix,
                                            shared.listener, shared.metrics, shared.log);
}

std::unique_ptr<redis::TimeWatch> make_time_watch(const Shared& shared, redis::Client* client, Executor& executor) {
  if (client == nullptr) return nullptr;
  return std::make_unique<redis::TimeWatch>(*client, executor, shared.fleet_clock);
}

}  // namespace

IoThread::IoThread(const Shared& shared, const http_server::ServerOptions& options, bool first)
    : log_(shared.log),
      service_(shared.service),
      executor_(make_asio_executor(
          context_, [&log = shared.log] { observability::log_exception(log, "app", "a callback threw"); })),
      redis_(make_redis(shared, context_, *executor_)),
      redis_tier_(make_redis_tier(shared, redis_.get())),
      outage_tier_(make_outage_tier(shared, redis_tier_.get())),
      backplane_(first ? make_backplane(shared, redis_.get(), redis_tier_.get(), *executor_) : nullptr),
      time_watch_(first ? make_time_watch(shared, redis_.get(), *executor_) : nullptr),
      worker_(*executor_, remote_tier(outage_tier_.get(), redis_tier_.get()), shared.fleet_clock),
      mock_(*executor_, shared.options.mock_delay, shared.options.lifetime, shared.metrics),
      service_thread_{worker_, weather::mock_loaders(mock_)},
      endpoint_options_(shared.options.endpoints),
      endpoints_({.options = endpoint_options_,
                  .service = shared.service,
                  .thread = service_thread_,
                  .clock = shared.clock,
                  .metrics = shared.metrics,
                  .log = shared.log,
                  .read_status = shared.read_status,
                  .lab = shared.lab,
                  .limits = shared.limits,
                  .random = Random(random_seed()),
                  .outage = shared.outage,
                  .drop_in = shared.drop_in,
                  .redis_down = [this] { return redis_state() == redis::ConnectionState::down; }}),
      server_(context_, *executor_, endpoints_.handler(), options, shared.clock, shared.metrics, shared.log) {
  if (!redis_) return;
  redis_->on_connected([this, &listener = shared.listener] {
    // The first command of every connection: replies come in order, so everything read over it afterwards is judged by
    // an epoch that is known.
    redis_tier_->redis_epoch().read([&listener](const Result<cache::EpochKey>& key) {
      if (key) listener.on_epoch_key(*key);  // the backplane repairs the key
    });
    // The time comes before the first values are read, because their age is measured by it.
    if (time_watch_) time_watch_->connected();
    if (backplane_) backplane_->connected();
  });
  if (!backplane_) return;
  redis_->on_available([this] { time_watch_->available(); });
  redis_->on_disconnected([this] {
    time_watch_->disconnected();
    backplane_->disconnected();
  });
  redis_->on_push([this](const redis::Reply& push) { backplane_->push(push); });
}

IoThread::~IoThread() {
  stop();
}

void IoThread::run() {
  // Posted one by one, so that an exception in the first cannot skip the second.
  if (redis_) boost::asio::post(context_, [this] { redis_->start(); });
  boost::asio::post(context_, [this] { server_.start(); });
  thread_ = std::thread([this] { run_loop(context_, log_); });
}

void IoThread::drain(std::move_only_function<void()> drained) {
  boost::asio::post(context_,
                    [this, drained = std::move(drained)]() mutable { server_.on_drained(std::move(drained)); });
  boost::asio::post(context_, [this] { server_.drain(); });  // on its own, so that an exception above cannot skip it
}

void IoThread::renew_admin_token(std::string token, std::move_only_function<void()> taken) {
  boost::asio::post(context_, [this, token = std::move(token), taken = std::move(taken)]() mutable {
    endpoint_options_.admin_token = std::move(token);
    taken();
  });
}

void IoThread::renew_redis(redis::Credentials credentials) {
  boost::asio::post(context_, [this, credentials = std::move(credentials)] { redis_->renew(credentials); });
}

void IoThread::stop() {
  if (!thread_.joinable()) return;
  boost::asio::post(context_, [this] { service_.give_leases_back(service_thread_); });
  // Each step is posted on its own, so that an exception in one cannot skip the next. They are posted twice, because
  // the client writes what the first step has sent in a step of its own, which that step posts.
  const auto post_later = [this](auto step) {
    boost::asio::post(context_, [this, step] { boost::asio::post(context_, step); });
  };
  post_later([this] {
    server_.close();
    if (redis_) redis_->stop();
  });
  post_later([this] { context_.stop(); });
  thread_.join();
}

std::optional<redis::ConnectionState> IoThread::redis_state() const {
  if (!redis_) return std::nullopt;
  return redis_->state();
}

}  // namespace wx::app
