// One I/O thread with its listener and endpoints, and with a real Redis.
#include "app/io_thread.hpp"

#include <future>
#include <optional>

#include <gtest/gtest.h>

#include "support/http_client.hpp"
#include "support/memory_log.hpp"
#include "support/redis_server.hpp"
#include "support/waiting.hpp"
#include "weather/loaders.hpp"

namespace wx::app {
namespace {

using test::eventually;
using test::HttpClient;

class IoThreadTest : public testing::Test {
 protected:
  IoThreadTest() {
    options_.server.address = "127.0.0.1";
    options_.server.port = 0;
    options_.endpoints.admin_token = "first-token";
    options_.mock_delay = milliseconds(0);
  }
  ~IoThreadTest() override { thread_.reset(); }

  void start(bool first = true, const test::RedisServer* redis = nullptr) {
    if (redis != nullptr) {
      options_.redis.emplace();
      options_.redis->url = *redis::parse_url(redis->url());
      options_.redis->timeout = milliseconds(5000);  // longer than a busy machine needs
      common_.emplace(*options_.redis, clock_, metrics_, log_);
    }
    thread_.emplace(Shared{.options = options_,
                           .service = service_,
                           .drop_in = nullptr,
                           .read_status = read_status_,
                           .lab = lab_,
                           .limits = limits_,
                           .redis = common_ ? &*common_ : nullptr,
                           .outage = outage_ ? &*outage_ : nullptr,
                           .listener = cache_.listener(),
                           .clock = clock_,
                           .fleet_clock = fleet_clock_,
                           .metrics = metrics_,
                           .log = log_},
                    options_.server, first);
    const auto port = thread_->listen();
    ASSERT_TRUE(port);
    port_ = *port;
  }
  // Waits until the thread has run everything that was posted so far.
  void catch_up() {
    std::promise<void> done;
    thread_->executor().post([&done] { done.set_value(); });
    ASSERT_EQ(done.get_future().wait_for(test::kPatience), std::future_status::ready);
  }
  int purge(const std::string& token) {
    return HttpClient(port_).request("DELETE", "/cache", {{"Authorization", "Bearer " + token}}).status;
  }

  Options options_;
  SystemClock clock_;
  FleetClock fleet_clock_{clock_};
  observability::Metrics metrics_;
  test::MemoryLog log_;
  cache::TieredCache cache_{{}, fleet_clock_, metrics_, log_};
  weather::Service service_{cache_, [](const weather::Location&, std::uint64_t) -> cache::Loader {
                              return [](cache::LoadRequest, cache::LoadCallback done) {
                                done(fail(ErrorKind::provider_unreachable));
                              };
                            }};
  const endpoints::ReadStatus read_status_ = [] { return endpoints::ProcessStatus(); };
  endpoints::LabGate lab_;
  endpoints::Limits limits_{{}};
  std::optional<redis::Common> common_;
  std::optional<cache::Outage> outage_;
  std::optional<IoThread> thread_;
  std::uint16_t port_ = 0;
};

TEST_F(IoThreadTest, AnswersOnceItRuns) {
  start();
  HttpClient client(port_);
  client.send("GET", "/livez");
  EXPECT_EQ(thread_->connections(), 0U) << "it does not run yet";
  thread_->run();
  EXPECT_EQ(client.read().status, 200);
  EXPECT_EQ(thread_->connections(), 1U);
  EXPECT_EQ(client.get("/weather?lat=1&lon=2&mock=true").header("X-Cache"), "MISS");
  EXPECT_EQ(client.get("/weather?lat=1&lon=2&mock=true").header("X-Cache"), "HIT");
}

TEST_F(IoThreadTest, HasNoRedisWithoutOne) {
  start();
  thread_->run();
  catch_up();
  EXPECT_EQ(thread_->redis(), nullptr);
  EXPECT_EQ(thread_->redis_state(), std::nullopt);
  EXPECT_FALSE(thread_->breaker_open());
  EXPECT_FALSE(thread_->listening());
}

TEST_F(IoThreadTest, TakesANewAdminToken) {
  start();
  thread_->run();
  EXPECT_EQ(purge("first-token"), 204);
  EXPECT_EQ(purge("second-token"), 401);
  thread_->renew_admin_token("second-token", [] {});
  EXPECT_EQ(purge("second-token"), 204);
  EXPECT_EQ(purge("first-token"), 401);
  EXPECT_EQ(options_.endpoints.admin_token, "first-token") << "the thread has options of its own";
}

TEST_F(IoThreadTest, DrainsOnceItsConnectionsAreClosed) {
  start();
  thread_->run();
  HttpClient client(port_);
  EXPECT_EQ(client.get("/livez").status, 200);
  std::promise<void> drained;
  thread_->drain([&drained] { drained.set_value(); });
  EXPECT_TRUE(client.closed_by_server());
  EXPECT_EQ(drained.get_future().wait_for(test::kPatience), std::future_status::ready);
  EXPECT_EQ(thread_->connections(), 0U);
}

TEST_F(IoThreadTest, GoesOnAfterAnExceptionInACallback) {
  start();
  thread_->run();
  thread_->executor().post([] { throw std::runtime_error("broken"); });
  EXPECT_EQ(test::http_get(port_, "/livez").status, 200);
  EXPECT_TRUE(log_.contains("app: a callback threw")) << log_.text();
  EXPECT_TRUE(log_.contains("broken")) << log_.text();
}

TEST_F(IoThreadTest, ClosesItsConnectionsWhenItStops) {
  start();
  thread_->run();
  HttpClient idle(port_);
  EXPECT_EQ(idle.get("/livez").status, 200);
  thread_->stop();
  EXPECT_TRUE(idle.closed_by_server());
  thread_->stop();  // once is enough
  bool ran = false;
  thread_->executor().post([&ran] { ran = true; });
  thread_.reset();
  EXPECT_FALSE(ran) << "work that is still queued is dropped";
}

TEST_F(IoThreadTest, EndsWithoutHavingRun) {
  start();
  const HttpClient waiting(port_);
  thread_.reset();
}

TEST_F(IoThreadTest, TheFirstOfAFleetMemberListensAndWatchesTheTime) {
  const test::RedisServer redis;
  start(true, &redis);
  std::promise<bool> watched;
  thread_->on_redis_watch([&watched, told = false](bool connected) mutable {
    if (!std::exchange(told, true)) watched.set_value(connected);
  });
  EXPECT_NE(thread_->redis(), nullptr);
  EXPECT_EQ(thread_->redis_state(), redis::ConnectionState::connecting_first);
  EXPECT_FALSE(thread_->listening());
  thread_->run();
  auto connected = watched.get_future();
  ASSERT_EQ(connected.wait_for(test::kPatience), std::future_status::ready);
  EXPECT_TRUE(connected.get());
  EXPECT_EQ(thread_->redis_state(), redis::ConnectionState::up);
  EXPECT_TRUE(eventually([&] { return thread_->listening(); }));
  EXPECT_FALSE(thread_->breaker_open());
}

TEST_F(IoThreadTest, FurtherOnesUseRedisButDoNotListen) {
  const test::RedisServer redis;
  options_.cache_prefix = "p:";
  start(false, &redis);
  thread_->run();
  EXPECT_TRUE(eventually([&] { return thread_->redis_state() == redis::ConnectionState::up; }));
  EXPECT_EQ(test::http_get(port_, "/weather?lat=1&lon=2&mock=true").status, 200);
  EXPECT_TRUE(eventually([&] { return redis.command({"EXISTS", "p:weather:mock:1:2"}) == "1"; }));
  EXPECT_FALSE(thread_->listening());
  EXPECT_EQ(redis.command({"PUBSUB", "CHANNELS"}), "");
}

TEST_F(IoThreadTest, DoesWithoutRedisDuringAStagedOutage) {
  const test::RedisServer redis;
  outage_.emplace();
  options_.cache_prefix = "p:";
  start(false, &redis);
  thread_->run();
  ASSERT_TRUE(eventually([&] { return thread_->redis_state() == redis::ConnectionState::up; }));
  ASSERT_FALSE(outage_->begin(clock_.steady()));
  const auto status = test::http_get(port_, "/weather?lat=1&lon=2&mock=true").header("Cache-Status");
  EXPECT_TRUE(status.ends_with("detail=redis-unavailable")) << status;
  EXPECT_EQ(redis.command({"KEYS", "*weather:mock:*"}), "");
  EXPECT_EQ(thread_->redis_state(), redis::ConnectionState::up);
  EXPECT_FALSE(thread_->breaker_open());
}

TEST_F(IoThreadTest, HearsNothingWhileRedisIsAway) {
  test::RedisServer redis;
  start(true, &redis);
  thread_->run();
  ASSERT_TRUE(eventually([&] { return thread_->listening(); }));
  redis.kill();
  EXPECT_TRUE(eventually([&] { return !thread_->listening(); }));
  EXPECT_TRUE(eventually([&] { return thread_->redis_state() == redis::ConnectionState::down; }));
}

}  // namespace
}  // namespace wx::app
