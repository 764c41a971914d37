#include "app/app.hpp"

#include <condition_variable>
#include <vector>

#include "app/io_thread.hpp"
#include "app/options.hpp"
#include "app/redis_fleet_budget.hpp"
#include "base/text.hpp"
#include "http_client/http_client.hpp"
#include "open_meteo/open_meteo_source.hpp"

namespace wx::app {

// The members are the composition, in the order in which they are made.
class App::Impl final : public endpoints::ProcessView {
 public:
  Impl(const config::Settings& settings, const Clock& clock, observability::Metrics& metrics, observability::Log& log)
      : options_(make_options(settings)),
        clock_(clock),
        metrics_(metrics),
        log_(log),
        http_client_(std::make_unique<http_client::HttpClient>(options_.http_client, log)),
        provider_(
            std::make_unique<open_meteo::OpenMeteoSource>(options_.open_meteo, *http_client_, clock, metrics, log)),
        cache_(std::make_unique<cache::TieredCache>(options_.cache, clock, metrics)),
        service_(options_.freshness, *cache_, *provider_, clock),
        started_(clock.steady()),
        client_limit_(options_.client_limit) {
    if (options_.redis) redis_ = std::make_unique<redis::Common>(*options_.redis, clock, metrics, log);
    add_gauges();
  }

  ~Impl() override {
    metrics_.remove_gauges();
    for (const auto& thread : threads_) thread->stop();
    // Nothing runs any more. The provider's callbacks go first, then the flights, which hold timers of the threads'
    // loops, and only then the loops.
    provider_.reset();
    http_client_.reset();
    cache_.reset();
    threads_.clear();
    fleet_budget_.reset();
  }

  Result<std::uint16_t> start() {
    auto& server = options_.server;
    if (server.port != 0) {
      if (const auto free = http_server::probe_port(server.address, server.port); !free) {
        return std::unexpected(free.error());
      }
    }
    const Shared shared{options_,     service_,           *this,  lab_,     client_limit_,
                        redis_.get(), cache_->listener(), clock_, metrics_, log_};
    for (unsigned i = 0; i < options_.threads; ++i) {
      threads_.push_back(std::make_unique<IoThread>(shared, server, i == 0));
      const auto port = threads_.back()->listen();
      if (!port) return port;
      server.port = *port;  // the others share what the first was given
    }
    auto& first = *threads_.front();
    if (auto* client = first.redis()) {
      fleet_budget_ =
          std::make_unique<RedisFleetBudget>(*client, *first.redis_tier(), first.executor(), options_.cache_prefix);
    }
    provider_->attach(&first.executor(), fleet_budget_.get());
    phase_ = endpoints::Phase::serving;
    for (const auto& thread : threads_) thread->run();
    say_where();
    return server.port;
  }

  void announce_drain() {
    phase_ = endpoints::Phase::draining;
    log_.info("app", "draining", {{"connections", connections()}});
  }

  void drain() {
    {
      const std::lock_guard lock(drain_mutex_);
      undrained_ = threads_.size();
    }
    for (const auto& thread : threads_) {
      thread->drain([this] {
        const std::lock_guard lock(drain_mutex_);
        --undrained_;
        drained_.notify_all();
      });
    }
  }

  bool wait_drained(milliseconds limit) {
    std::unique_lock lock(drain_mutex_);
    return drained_.wait_for(lock, limit, [this] { return undrained_ == 0; });
  }

  // ProcessView
  [[nodiscard]] endpoints::Phase phase() const override { return phase_; }
  [[nodiscard]] nanoseconds uptime() const override { return clock_.steady() - started_; }
  [[nodiscard]] std::string_view redis_state() const override {
    if (!redis_) return "off";
    bool connecting = false;
    for (const auto& thread : threads_) {
      const auto state = thread->redis_state();
      if (state == redis::State::down) return "down";
      connecting |= state == redis::State::connecting_first;
    }
    return connecting ? "connecting" : "up";
  }
  [[nodiscard]] std::size_t connections() const override {
    std::size_t sum = 0;
    for (const auto& thread : threads_) sum += thread->connections();
    return sum;
  }
  [[nodiscard]] std::size_t memory_bytes() const override { return cache_->memory().bytes(); }
  [[nodiscard]] std::size_t memory_limit() const override { return cache_->memory().limit(); }
  [[nodiscard]] std::size_t memory_entries() const override { return cache_->memory().size(); }
  [[nodiscard]] bool redis_breaker_open() const override {
    return std::ranges::any_of(threads_, [](const auto& thread) { return thread->breaker_open(); });
  }
  [[nodiscard]] bool listening() const override { return !threads_.empty() && threads_.front()->listening(); }
  [[nodiscard]] ProviderView provider() const override {
    const auto status = provider_->status();
    ProviderView view{open_meteo::name(status.breaker), {}};
    for (const auto window : open_meteo::kAllWindows) {
      const auto& usage = status.usage.at(static_cast<std::size_t>(window));
      view.windows.push_back({open_meteo::name(window), usage.used, usage.limit});
    }
    return view;
  }

 private:
  void add_gauges() {
    const auto gauge = [this](const char* family, const char* help, std::function<double()> read) {
      metrics_.gauge(family, "", help, std::move(read));
    };
    gauge("weather_cache_http_connections", "Connections open", [this] { return static_cast<double>(connections()); });
    gauge("weather_cache_cache_memory_bytes", "Memory tier in use",
          [this] { return static_cast<double>(memory_bytes()); });
    gauge("weather_cache_cache_memory_limit_bytes", "Memory tier's limit",
          [this] { return static_cast<double>(memory_limit()); });
    gauge("weather_cache_cache_memory_entries", "Entries in the memory tier",
          [this] { return static_cast<double>(memory_entries()); });
    gauge("weather_cache_cache_flights_active", "Flights under way",
          [this] { return static_cast<double>(cache_->flights()); });
    gauge("weather_cache_redis_up", "Whether every connection to Redis is up",
          [this] { return redis_state() == "up" ? 1.0 : 0.0; });
    gauge("weather_cache_cache_redis_breaker_open", "Whether the Redis breaker of any thread is open",
          [this] { return redis_breaker_open() ? 1.0 : 0.0; });
    gauge("weather_cache_cache_backplane_listening", "Whether the other processes are heard",
          [this] { return listening() ? 1.0 : 0.0; });
    gauge("weather_cache_provider_available", "Whether calls of the provider may pass its breaker",
          [this] { return provider().breaker == "closed" ? 1.0 : 0.0; });
    for (const auto window : open_meteo::kAllWindows) {
      const auto label = cat("window=\"", open_meteo::name(window), "\"");
      const auto index = static_cast<std::size_t>(window);
      metrics_.gauge("weather_cache_provider_budget_used", label, "Provider calls counted in the current window",
                     [this, index] { return static_cast<double>(provider_->status().usage.at(index).used); });
    }
    for (const auto window : open_meteo::kAllWindows) {
      const auto label = cat("window=\"", open_meteo::name(window), "\"");
      const auto index = static_cast<std::size_t>(window);
      metrics_.gauge("weather_cache_provider_budget_limit", label, "Provider calls allowed per window; 0: no limit",
                     [this, index] { return static_cast<double>(provider_->status().usage.at(index).limit); });
    }
    metrics_.gauge("weather_cache_build_info", cat("version=\"", options_.endpoints.version, "\""),
                   "Always 1; the label tells the version", [] { return 1.0; });
    gauge("weather_cache_uptime_seconds", "Time since start",
          [this] { return std::chrono::duration<double>(uptime()).count(); });
  }

  void say_where() {
    const auto& server = options_.server;
    const bool anywhere = server.address == "0.0.0.0" || server.address == "::";
    const bool v6 = server.address.find(':') != std::string::npos;
    const auto host = anywhere ? std::string("localhost") : v6 ? cat("[", server.address, "]") : server.address;
    const auto url = cat("http://", host, ":", server.port);
    const bool memory = options_.cache.memory.limit > 0;
    std::string tiers = memory ? "memory only" : "no cache";
    if (options_.redis) {
      tiers = cat(memory ? "memory, then Redis at " : "Redis only, at ", redis::describe(options_.redis->url));
    }
    log_.info("app", cat("listening on ", url, " (", tiers, ")"),
              {{"version", options_.endpoints.version},
               {"url", url},
               {"tiers", tiers},
               {"threads", options_.threads},
               {"max_connections", connection_limit()}});
  }

  // What MAX_CONNECTIONS has come to, and why.
  [[nodiscard]] std::string connection_limit() const {
    const auto wanted = options_.server.max_connections;
    const auto allowed = options_.server.budget->limit();
    if (allowed >= wanted) return cat(allowed);
    return cat(allowed, " (MAX_CONNECTIONS=", wanted, " does not fit into the limit of ", http_server::file_limit(),
               " open files)");
  }

  Options options_;
  const Clock& clock_;
  observability::Metrics& metrics_;
  observability::Log& log_;
  std::unique_ptr<http_client::HttpClient> http_client_;
  std::unique_ptr<open_meteo::OpenMeteoSource> provider_;
  std::unique_ptr<cache::TieredCache> cache_;
  weather::Service service_;
  const SteadyTime started_;
  std::unique_ptr<redis::Common> redis_;
  endpoints::LabGate lab_;
  weather::ClientLimit client_limit_;
  std::atomic<endpoints::Phase> phase_{endpoints::Phase::starting};
  std::vector<std::unique_ptr<IoThread>> threads_;
  std::unique_ptr<RedisFleetBudget> fleet_budget_;

  std::mutex drain_mutex_;
  std::condition_variable drained_;
  std::size_t undrained_ = 1;  // guarded by drain_mutex_
};

App::App(const config::Settings& settings, const Clock& clock, observability::Metrics& metrics, observability::Log& log)
    : impl_(std::make_unique<Impl>(settings, clock, metrics, log)) {}
App::~App() = default;

Result<std::uint16_t> App::start() {
  return impl_->start();
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
