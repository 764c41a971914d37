#include "app/app.hpp"

#include <algorithm>
#include <atomic>
#include <vector>

#include "app/gauges.hpp"
#include "app/io_thread.hpp"
#include "app/open_files.hpp"
#include "app/options.hpp"
#include "app/redis_fleet_budget.hpp"
#include "app/start_line.hpp"
#include "app/thread_latch.hpp"
#include "http_client/http_client.hpp"
#include "open_meteo/provider.hpp"
#include "weather/loaders.hpp"

namespace wx::app {

// The members are the parts of the service, in the order in which they are made.
class App::Impl {
 public:
  Impl(const config::Settings& settings, const Clock& clock, observability::Metrics& metrics, observability::Log& log)
      : options_(make_options(settings)),
        clock_(clock),
        fleet_clock_(clock),
        metrics_(metrics),
        log_(log),
        http_client_(std::make_unique<http_client::HttpClient>(options_.http_client, log)),
        provider_(
            std::make_unique<open_meteo::Provider>(options_.open_meteo, *http_client_, fleet_clock_, metrics, log)),
        cache_(std::make_unique<cache::TieredCache>(options_.cache, fleet_clock_, metrics, log)),
        service_(*cache_, weather::provider_loaders(*provider_, options_.lifetime)),
        drop_in_(*cache_, *provider_, options_.drop_in),
        started_(clock.steady()),
        limits_(options_.limits) {
    if (options_.redis) redis_ = std::make_unique<redis::Common>(*options_.redis, clock, metrics, log);
    if (options_.redis_outages) outage_.emplace();
    metrics_.set_gauges([this] { return gauges_of(read_status(), count_open_files(), options_.endpoints.version); });
  }

  ~Impl() {
    metrics_.remove_gauges();
    for (const auto& thread : threads_) thread->stop();
    // Every thread has stopped. The order matters: the provider's callbacks refer to flights, and flights hold timers
    // of the threads' loops.
    provider_.reset();
    fleet_budget_.reset();  // it may hold timers, too
    http_client_.reset();
    cache_.reset();
    threads_.clear();
  }

  Result<std::uint16_t> start() {
    auto& server = options_.server;
    if (server.port != 0) {
      if (const auto free = http_server::probe_port(server.address, server.port); !free) {
        return std::unexpected(free.error());
      }
    }
    const Shared shared{.options = options_,
                        .service = service_,
                        .drop_in = options_.endpoints.drop_in ? &drop_in_ : nullptr,
                        .read_status = read_status_,
                        .lab = lab_,
                        .limits = limits_,
                        .redis = redis_.get(),
                        .outage = outage_ ? &*outage_ : nullptr,
                        .listener = cache_->listener(),
                        .clock = clock_,
                        .fleet_clock = fleet_clock_,
                        .metrics = metrics_,
                        .log = log_};
    for (unsigned i = 0; i < options_.threads; ++i) {
      threads_.push_back(std::make_unique<IoThread>(shared, server, i == 0));
      const auto port = threads_.back()->listen();
      if (!port) return port;
      server.port = *port;  // all threads listen on the port that the first was given
    }
    auto& first = *threads_.front();
    if (auto* client = first.redis()) {
      fleet_budget_ = std::make_unique<RedisFleetBudget>(*client, first.executor(), options_.cache_prefix, log_);
      first.on_redis_watch([this](bool connected) {
        provider_->watch_fleet(connected ? open_meteo::Watch::connected : open_meteo::Watch::interval);
      });
    }
    provider_->attach(&first.executor(), fleet_budget_.get());
    phase_ = endpoints::ServicePhase::serving;
    for (const auto& thread : threads_) thread->run();
    log_start(options_, server.port, log_);
    return server.port;
  }

  void renew(const config::Reread& reread) {
    for (const auto& mistake : reread.mistakes) {
      log_.warn("app", "SIGHUP: a secret stays as it was", {{"reason", mistake}});
    }
    for (const auto name : reread.names) renew_one(name, reread.settings);
    if (reread.names.empty() && reread.mistakes.empty()) {
      log_.info("app", "SIGHUP: no secret comes from a file, so nothing is read again");
    }
  }

  void announce_drain() {
    phase_ = endpoints::ServicePhase::draining;
    log_.info("app", "draining", {{"connections", connections()}});
  }

  void drain() {
    undrained_.arm(threads_.size());
    lab_.close();
    for (const auto& thread : threads_) thread->drain([this] { undrained_.count_down(); });
  }

  bool wait_drained(milliseconds limit) { return undrained_.wait_for(limit); }

 private:
  void renew_one(std::string_view name, const config::Settings& settings) {
    if (name == "ADMIN_TOKEN") {
      // The methods that need the token exist only if there was one at the start.
      if (options_.endpoints.admin_token.empty()) return say_restart(name);
      renew_admin_token(settings.admin_token);
    } else if (name == "OPEN_METEO_API_KEY") {
      provider_->renew_key(settings.open_meteo_api_key);
    } else if (name == "REDIS_URL") {
      if (!redis_ || !settings.redis_url) return say_restart(name);
      const auto& url = *settings.redis_url;
      if (url.address != options_.redis->url.address || url.database != options_.redis->url.database) {
        return say_restart(name);
      }
      redis_->renewing();
      for (const auto& thread : threads_) thread->renew_redis(url.credentials);
    }
    log_.info("app", "SIGHUP: a secret was read again", {{"setting", name}});
  }

  // Whoever reads in the log that the token is new may rely on it. A thread that does not come to it soon will later.
  void renew_admin_token(const std::string& token) {
    const auto taken = std::make_shared<ThreadLatch>();
    taken->arm(threads_.size());
    for (const auto& thread : threads_) thread->renew_admin_token(token, [taken] { taken->count_down(); });
    (void)taken->wait_for(std::chrono::seconds(1));
  }

  void say_restart(std::string_view name) {
    log_.warn("app", "SIGHUP: more than a secret has changed, which needs a restart", {{"setting", name}});
  }

  [[nodiscard]] endpoints::ProcessStatus read_status() const {
    return {.phase = phase_,
            .uptime = clock_.steady() - started_,
            .connections = connections(),
            .flights = cache_->flight_count(),
            .memory = {.bytes = cache_->memory().bytes(),
                       .limit = cache_->memory().limit(),
                       .entries = cache_->memory().size()},
            .redis = {.state = redis_state(),
                      .breaker_open = std::ranges::any_of(threads_, &IoThread::breaker_open),
                      .listening = !threads_.empty() && threads_.front()->listening(),
                      .outage_left = outage_left()},
            .provider = provider_status()};
  }

  [[nodiscard]] std::size_t connections() const {
    std::size_t sum = 0;
    for (const auto& thread : threads_) sum += thread->connections();
    return sum;
  }

  [[nodiscard]] milliseconds outage_left() const {
    return outage_ ? std::chrono::ceil<milliseconds>(outage_->left(clock_.steady())) : milliseconds(0);
  }

  // The worst state of all connections.
  [[nodiscard]] std::string_view redis_state() const {
    if (!redis_) return "off";
    bool connecting = false;
    for (const auto& thread : threads_) {
      const auto state = thread->redis_state();
      if (state == redis::ConnectionState::down) return "down";
      connecting |= state == redis::ConnectionState::connecting_first;
    }
    return connecting ? "connecting" : "up";
  }

  [[nodiscard]] endpoints::ProcessStatus::Provider provider_status() const {
    const auto status = provider_->status();
    endpoints::ProcessStatus::Provider provider{
        .breaker = open_meteo::name(status.breaker), .windows = {}, .clock_ahead = status.clock_ahead};
    for (const auto window : kAllWindows) {
      const auto& usage = status.usage.at(static_cast<std::size_t>(window));
      provider.windows.push_back({.name = name(window), .used = usage.used, .limit = usage.limit});
    }
    return provider;
  }

  Options options_;
  const Clock& clock_;
  FleetClock fleet_clock_;
  observability::Metrics& metrics_;
  observability::Log& log_;
  std::unique_ptr<http_client::HttpClient> http_client_;
  std::unique_ptr<open_meteo::Provider> provider_;
  std::unique_ptr<cache::TieredCache> cache_;
  weather::Service service_;
  drop_in::Service drop_in_;
  const SteadyTime started_;
  std::unique_ptr<redis::Common> redis_;
  std::optional<cache::Outage> outage_;
  const endpoints::ReadStatus read_status_ = [this] { return read_status(); };
  endpoints::LabGate lab_;
  endpoints::Limits limits_;
  std::atomic<endpoints::ServicePhase> phase_{endpoints::ServicePhase::starting};
  std::vector<std::unique_ptr<IoThread>> threads_;
  std::unique_ptr<RedisFleetBudget> fleet_budget_;
  ThreadLatch undrained_;
};

App::App(const config::Settings& settings, const Clock& clock, observability::Metrics& metrics, observability::Log& log)
    : impl_(std::make_unique<Impl>(settings, clock, metrics, log)) {}
App::~App() = default;

Result<std::uint16_t> App::start() {
  return impl_->start();
}
void App::renew(const config::Reread& reread) {
  impl_->renew(reread);
}
void App::announce_drain() {
  impl_->announce_drain();
}
void App::drain() {
  impl_->drain();
}
bool App::wait_drained(milliseconds limit) {
  return impl_->wait_drained(limit);
}

}  // namespace wx::app
