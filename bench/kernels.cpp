#include "kernels.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/asio_executor.hpp"
#include "base/async.hpp"
#include "base/hash.hpp"
#include "base/parse_cache.hpp"
#include "base/text.hpp"
#include "cache/codec.hpp"
#include "cache/memory_tier.hpp"
#include "cache/outage_tier.hpp"
#include "cache/redis_tier.hpp"
#include "endpoints/endpoints.hpp"
#include "endpoints/query.hpp"
#include "http_server/date_cache.hpp"
#include "http_server/head_parser.hpp"
#include "http_server/response.hpp"
#include "http_server/server.hpp"
#include "redis/client.hpp"
#include "redis/command_encoder.hpp"
#include "redis/common.hpp"
#include "redis/reply_parser.hpp"
#include "redis_peer.hpp"
#include "support/fake_clock.hpp"
#include "weather/mock.hpp"
#include "weather/service.hpp"

namespace wx::bench {
namespace {

constexpr std::string_view kRequest =
    "GET /weather?lat=52.52&lon=13.41&mock=true HTTP/1.1\r\nHost: localhost:8080\r\nUser-Agent: curl/8.5.0\r\n"
    "Accept: */*\r\n\r\n";

void require(bool fine, const char* what) {
  if (!fine) throw std::runtime_error(what);
}

cache::Entry entry() {
  cache::Entry entry;
  entry.body = R"({"latitude":52.52,"longitude":13.41,"current":{"temperature_2m":25.0,"wind_speed_10m":10.0}})";
  entry.content_type = "application/json";
  entry.etag = "16ec45006bfb0ce8";
  entry.stored_at = WallTime(milliseconds(1'767'225'600'000));
  entry.spans = {std::chrono::hours(1), std::chrono::minutes(1), std::chrono::hours(24)};
  return entry;
}

constexpr std::string_view kEntryKey = "weather:mock:52.52:13.41";

std::string encoded(const cache::Entry& entry) {
  std::string value;
  cache::encode_head(kEntryKey, entry, value);
  value += entry.body;
  return value;
}

std::string key_number(std::uint64_t number) {
  return cat("weather:", static_cast<int>(number % 180) - 90, ".25:", number / 180, ".5");
}

// A memory tier with `count` entries, and their keys.
struct FilledTier {
  FilledTier(std::size_t count, std::size_t limit) : tier({.limit = limit}, metrics) {
    const auto shared = std::make_shared<const cache::Entry>(entry());
    for (std::size_t i = 0; i < count; ++i) {
      keys.push_back(key_number(i));
      tier.insert(keys.back(), hash64(keys.back()), {shared, clock.steady()}, clock.steady());
    }
  }
  test::FakeClock clock;
  observability::Metrics metrics;
  cache::MemoryTier tier;
  std::vector<std::string> keys;
};

// The service of one I/O thread: a memory tier, the mock, and Redis if a peer is given.
struct Service {
  explicit Service(RedisPeer* peer = nullptr)
      : redis(connect(peer)), redis_tier(make_tier()), tier(make_outage_tier()) {
    options.query.redis = peer != nullptr;
  }

  asio::io_context context{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO};
  test::FakeClock clock;
  observability::Metrics metrics;
  std::unique_ptr<observability::Log> log = observability::make_null_log();
  std::unique_ptr<Executor> executor = make_asio_executor(context);
  std::unique_ptr<redis::Common> common;  // null without a peer, like `redis`
  std::unique_ptr<redis::Client> redis;
  std::unique_ptr<cache::RedisTier> redis_tier;
  cache::Outage outage;  // none
  std::unique_ptr<cache::OutageTier> tier;
  const endpoints::ReadStatus read_status = [] { return endpoints::ProcessStatus(); };
  endpoints::LabGate lab;
  endpoints::Limits limits{{}};
  cache::TieredCache cache{{}, clock, metrics, *log};
  weather::Service service{cache, [](const weather::Location&, std::uint64_t) -> cache::Loader {
                             return
                                 [](cache::LoadRequest, cache::LoadCallback done) { done(fail(ErrorKind::internal)); };
                           }};
  cache::CacheThread worker{*executor, tier.get(), clock};
  weather::Mock mock{*executor, milliseconds(0), {.fresh_for = std::chrono::hours(1)}, metrics};
  weather::ServiceThread thread{worker, weather::mock_loaders(mock)};
  endpoints::EndpointOptions options;
  endpoints::Endpoints endpoints{{.options = options,
                                  .service = service,
                                  .thread = thread,
                                  .clock = clock,
                                  .metrics = metrics,
                                  .log = *log,
                                  .read_status = read_status,
                                  .lab = lab,
                                  .limits = limits,
                                  .random = Random(1)}};

 private:
  std::unique_ptr<redis::Client> connect(RedisPeer* peer) {
    if (peer == nullptr) return nullptr;
    redis::RedisOptions redis_options;
    redis_options.url.address.host = "127.0.0.1";
    redis_options.url.address.port = peer->port();
    redis_options.timeout = std::chrono::hours(1);  // no command times out while valgrind counts
    common = std::make_unique<redis::Common>(std::move(redis_options), clock, metrics, *log);
    auto client = std::make_unique<redis::Client>(context, *executor, *common);
    client->start();
    while (client->state() != redis::ConnectionState::up) {
      context.run_one_for(milliseconds(1));
      peer->greet();
    }
    return client;
  }
  std::unique_ptr<cache::RedisTier> make_tier() {
    if (!redis) return nullptr;
    return std::make_unique<cache::RedisTier>(*redis, "", clock, metrics, *log);
  }
  std::unique_ptr<cache::OutageTier> make_outage_tier() {
    if (!redis_tier) return nullptr;
    return std::make_unique<cache::OutageTier>(*redis_tier, outage, weather::kMockKeys, clock);
  }
};

// Collects what a connection would send, without a connection.
class Channel final : public http_server::Channel, public std::enable_shared_from_this<Channel> {
 public:
  explicit Channel(Service& service) : service_(service) {}

  [[nodiscard]] const http_server::Request& request() const override { return request_; }
  [[nodiscard]] Executor& executor() override { return *service_.executor; }
  [[nodiscard]] std::string_view peer() const override { return "127.0.0.1"; }
  void respond(int status, std::string_view headers, std::initializer_list<http_server::BodyPart> body) override {
    http_server::append_response(out_, kept_,
                                 {.status = status, .date = date_.at(service_.clock.wall()), .headers = headers}, body);
  }
  [[nodiscard]] std::shared_ptr<http_server::Channel> hold() override { return shared_from_this(); }
  void abandon() override { throw std::runtime_error("a request was not answered"); }

  void take(std::string_view bytes) {
    out_.clear();
    kept_.clear();
    parser_.reset();
    require(parser_.feed(bytes) == http_server::HeadParser::Status::complete, "the request is not whole");
    request_ = http_server::Request(bytes.data(), parser_.head(), service_.clock.steady(), this);
    http_server::Exchange exchange(*this);
    service_.endpoints.handler().handle(exchange);
  }
  // Without the large bodies. Empty until the request is answered.
  [[nodiscard]] const std::string& answer() const { return out_; }

 private:
  Service& service_;
  http_server::HeadParser parser_;
  http_server::Request request_;
  http_server::DateCache date_;
  std::string out_;
  std::vector<http_server::KeptBody> kept_;
};

// Requests that Redis answers, or that a load answers because Redis has nothing. Both ends of the connection to Redis
// are on this thread and take turns, so that every run has the same turns of the loop, reads and writes.
class ThroughRedis {
 public:
  static constexpr std::string_view kRequest =
      "GET /weather?lat=52.52&lon=13.41&mock=true&cache=redis HTTP/1.1\r\nHost: localhost:8080\r\n"
      "User-Agent: curl/8.5.0\r\nAccept: */*\r\n\r\n";

  // GET; SET NX and GET; SET, DEL and PUBLISH after the answer.
  static constexpr int kMissExchanges = 3;

  // `value`: the value that Redis holds for every key; empty for none.
  explicit ThroughRedis(std::string_view value) : service_(&peer_), channel_(std::make_shared<Channel>(service_)) {
    peer_.hold(value);
  }

  // `exchanges`: how often the client writes and Redis answers for one request, including the exchanges after its
  // answer.
  const std::string& ask(int exchanges) {
    asio::post(service_.context, [this] { channel_->take(kRequest); });
    for (int i = 0; i < exchanges; ++i) exchange();
    while (channel_->answer().empty()) service_.context.run_one();  // a large value takes many reads
    return channel_->answer();
  }

  // Loads `body` because Redis has nothing, and stores it.
  void load(const std::string& body) {
    constexpr std::string_view kKey = "weather:mock:52.52:13.41";
    bool answered = false;
    asio::post(service_.context, [&] {
      const cache::Lookup question{.key = kKey,
                                   .hash = hash64(kKey),
                                   .mode = cache::Mode::redis_only,
                                   .deadline = service_.clock.steady() + std::chrono::seconds(10)};
      auto loader = [&body](cache::LoadRequest request, cache::LoadCallback done) {
        request.turn([&body, done = std::move(done)](bool go) mutable {
          require(go, "no lease");
          cache::Loaded loaded;
          loaded.body = body;
          loaded.content_type = "application/json";
          loaded.etag = "16ec45006bfb0ce8";
          loaded.spans.fresh_for = std::chrono::hours(1);
          done(std::move(loaded));
        });
      };
      service_.cache.get(service_.worker, question, std::move(loader),
                         [&](const Result<cache::Served>&) { answered = true; });
    });
    for (int i = 0; i < kMissExchanges; ++i) exchange();
    require(answered, "not answered");
  }

 private:
  void exchange() {
    service_.context.poll();  // the client writes
    peer_.serve();
    service_.context.run_one();  // the client reads
  }

  RedisPeer peer_;
  Service service_;
  std::shared_ptr<Channel> channel_;
};

// The same through a real server and a real socket, one request at a time. Both ends are on this thread.
class Loopback {
 public:
  Loopback()
      : server_(service_.context, *service_.executor, service_.endpoints.handler(), options(), service_.clock,
                service_.metrics, *service_.log) {
    const auto port = server_.listen();
    require(port.has_value(), "no port");
    server_.start();
    client_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(*port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    require(::connect(client_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0, "connect");
    // The first request fills the cache.
    require(ask().contains("X-Cache: MISS"), "the first answer is no miss");
    require(ask().contains("X-Cache: HIT"), "the second answer is no hit");
  }
  ~Loopback() { ::close(client_); }
  Loopback(const Loopback&) = delete;
  Loopback& operator=(const Loopback&) = delete;

  std::string_view ask() {
    require(::send(client_, kRequest.data(), kRequest.size(), 0) == static_cast<ssize_t>(kRequest.size()), "send");
    while (true) {
      service_.context.restart();
      service_.context.run_one_for(std::chrono::seconds(1));
      const auto got = ::recv(client_, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
      if (got > 0) return {buffer_.data(), static_cast<std::size_t>(got)};
    }
  }

 private:
  static http_server::ServerOptions options() {
    http_server::ServerOptions options;
    options.address = "127.0.0.1";
    options.port = 0;
    return options;
  }

  Service service_;
  http_server::Server server_;
  int client_ = -1;
  std::array<char, 4096> buffer_{};
};

Kernel parse_head() {
  return {"parse a request's head", [parser = http_server::HeadParser()]() mutable {
            require(parser.feed(kRequest) == http_server::HeadParser::Status::complete, "head");
            parser.reset();
          }};
}

Kernel canonical_key() {
  return {"query to canonical key", [options = endpoints::QueryOptions()] {
            const auto query = endpoints::parse_weather_query("lat=52.52&lon=13.41&mock=true", options);
            require(weather::Key(query.question).text() == "weather:mock:52.52:13.41", "key");
          }};
}

struct Parsed {
  [[nodiscard]] static std::size_t memory() { return 0; }
};
using TextCache = ParseCache<Parsed>;

Kernel known_text() {
  static constexpr std::string_view kText = "lat=52.52&lon=13.41&mock=true";
  auto cache = std::make_shared<TextCache>(512U << 10, 1);
  for (int i = 0; i < 2; ++i) cache->offer(kText, 0, [] { return Parsed(); });
  return {"parse cache: a known text", [cache] { require(cache->find(kText) != nullptr, "not known"); }};
}

Kernel unknown_text() {
  return {"parse cache: a text that never recurs",
          [cache = std::make_shared<TextCache>(512U << 10, 1), text = std::string("lat=52.52&lon=13.41&x=12345678"),
           i = std::uint64_t{0}]() mutable {
            ++i;
            std::memcpy(text.data() + text.size() - sizeof i, &i, sizeof i);
            require(cache->find(text) == nullptr, "known");
            cache->offer(text, 0, [] { return Parsed(); });
          }};
}

Kernel memory_hit() {
  return {"memory tier: hit among 10,000", [tier = std::make_shared<FilledTier>(10'000, 64U << 20), i = 0UZ]() mutable {
            const auto& key = tier->keys[i = (i + 7919) % tier->keys.size()];
            require(tier->tier.find(key, hash64(key), tier->clock.steady()).has_value(), "no hit");
          }};
}

Kernel memory_miss() {
  return {"memory tier: miss among 10,000", [tier = std::make_shared<FilledTier>(10'000, 64U << 20)] {
            constexpr std::string_view kAbsent = "weather:mock:1:2";
            require(!tier->tier.find(kAbsent, hash64(kAbsent), tier->clock.steady()), "a hit");
          }};
}

Kernel memory_insert() {
  return {"memory tier: insert and evict",
          [tier = std::make_shared<FilledTier>(20'000, 4U << 20),
           shared = std::make_shared<const cache::Entry>(entry()), i = 1'000'000UZ]() mutable {
            const auto key = key_number(i++);
            tier->tier.insert(key, hash64(key), {shared, tier->clock.steady()}, tier->clock.steady());
          }};
}

Kernel encode_entry() {
  return {"entry codec: encode", [kept = entry(), out = std::string()]() mutable {
            out.clear();
            cache::encode_head(kEntryKey, kept, out);
          }};
}

Kernel decode_entry() {
  const std::string value = encoded(entry());
  return {"entry codec: decode", [value] { require(cache::decode(kEntryKey, value).has_value(), "decode"); }};
}

Kernel parse_reply() {
  const std::string value = encoded(entry());
  return {"RESP3: parse a reply with an entry",
          [parser = std::make_shared<redis::ReplyParser>(), bytes = cat("$", value.size(), "\r\n", value, "\r\n")] {
            const auto room = parser->prepare();
            std::ranges::copy(bytes, room.begin());
            parser->commit(bytes.size());
            require(parser->next() == redis::ReplyParser::Progress::reply, "reply");
          }};
}

Kernel encode_command() {
  return {"RESP3: write a GET", [out = std::string()]() mutable {
            out.clear();
            const std::array<redis::Argument, 2> arguments{"GET", "weather:mock:52.52:13.41"};
            redis::append_command(out, arguments);
          }};
}

Kernel response_head() {
  return {"response: status line, fields and body",
          [out = std::string(), kept = std::vector<http_server::KeptBody>()]() mutable {
            out.clear();
            http_server::append_response(out, kept,
                                         {.status = 200,
                                          .date = "Thu, 01 Jan 2026 00:00:00 GMT",
                                          .headers = "Content-Type: application/json\r\nX-Cache: HIT\r\nAge: 1\r\n"},
                                         {R"({"a":1)", R"(,"source":"Memory Cache"})"});
          }};
}

Kernel whole_hit() {
  auto service = std::make_shared<Service>();
  auto channel = std::make_shared<Channel>(*service);
  // Fills the cache through the service, as a first request does.
  endpoints::QueryOptions options;
  const auto query = endpoints::parse_weather_query("lat=52.52&lon=13.41&mock=true", options);
  bool filled = false;
  const weather::Key key(query.question);
  const auto lookup = weather::lookup_of(query.question, key, service->clock.steady() + std::chrono::seconds(10));
  service->service.ask(service->thread, query.question, lookup, {},
                       [&filled](const Result<cache::Served>& served) { filled = served.has_value(); });
  service->context.run_for(std::chrono::seconds(1));
  require(filled, "the cache was not filled");
  return {"a whole hit: request bytes to answer bytes", [service, channel] {
            channel->take(kRequest);
            require(channel->answer().contains("X-Cache: HIT"), "no hit");
          }};
}

Kernel redis_hit() {
  const std::string value = encoded(entry());
  return {"a whole Redis hit: request bytes to answer bytes", [redis = std::make_shared<ThroughRedis>(value)] {
            require(redis->ask(1).contains("X-Cache: HIT"), "no hit");
          }};
}

std::string large_body() {
  return cat("{\"a\":\"", std::string(100'000, 'x'), "\"}");
}

Kernel large_redis_hit() {
  auto large = entry();
  large.body = large_body();
  const std::string value = encoded(large);
  return {
      "a whole Redis hit of 100 kB: request bytes to answer bytes",
      [redis = std::make_shared<ThroughRedis>(value)] { require(redis->ask(1).contains("X-Cache: HIT"), "no hit"); }};
}

Kernel large_redis_store() {
  return {"load and store 100 kB with Redis",
          [redis = std::make_shared<ThroughRedis>(""), body = large_body()] { redis->load(body); }};
}

Kernel redis_miss() {
  return {"a whole miss with Redis: request bytes to answer bytes", [redis = std::make_shared<ThroughRedis>("")] {
            require(redis->ask(ThroughRedis::kMissExchanges).contains("X-Cache: MISS"), "no miss");
          }};
}

Kernel connection_hit() {
  return {"a whole hit through server and socket", [loopback = std::make_shared<Loopback>()] { loopback->ask(); }};
}

}  // namespace

std::vector<Kernel> make_kernels() {
  return {parse_head(),    canonical_key(),  known_text(),   unknown_text(), memory_hit(),      memory_miss(),
          memory_insert(), encode_entry(),   decode_entry(), parse_reply(),  encode_command(),  response_head(),
          whole_hit(),     connection_hit(), redis_hit(),    redis_miss(),   large_redis_hit(), large_redis_store()};
}

}  // namespace wx::bench
