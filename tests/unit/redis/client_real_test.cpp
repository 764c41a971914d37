// The client against a real redis-server.
#include <csignal>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client_harness.hpp"
#include "fake_redis.hpp"
#include "redis/client.hpp"
#include "support/black_hole.hpp"
#include "support/redis_server.hpp"

namespace wx::redis {
namespace {

using observability::Counter;
using test::ClientUnderTest;
using test::options_for;
using test::Outcome;
using test::Signal;
using wx::test::BlackHole;
using wx::test::CertificateAuthority;
using wx::test::eventually;
using wx::test::RedisServer;
using wx::test::RedisServerOptions;

RedisServerOptions with_password(std::string password) {
  RedisServerOptions options;
  options.password = std::move(password);
  return options;
}

std::string at(const RedisServer& redis, std::string_view user_info, std::string_view rest = "") {
  return cat("redis://", user_info, "127.0.0.1:", redis.port(), rest);
}

TEST(RedisClientAndServer, SetAndGet) {
  const RedisServer redis;
  ClientUnderTest under(redis.url());
  EXPECT_EQ(under.ask({"SET", "k", std::string("a\0\r\nb", 5), "PX", "10000"}), "\"OK\"");
  EXPECT_EQ(under.ask({"GET", "k"}), cat("\"", std::string("a\0\r\nb", 5), "\""));
  EXPECT_EQ(under.ask({"GET", "none"}), "null");
  EXPECT_EQ(under.ask({"LPUSH", "k", "x"}), "redis-error");
  EXPECT_TRUE(under.log().contains("version=7") || under.log().contains("version=")) << under.log().text();
}

TEST(RedisClientAndServer, IsNamedInTheClientList) {
  const RedisServer redis;
  ClientUnderTest under(redis.url());
  EXPECT_THAT(under.ask({"CLIENT", "LIST"}), testing::HasSubstr("name=weather-cache"));
}

TEST(RedisClientAndServer, UsesThePassword) {
  const RedisServer redis(with_password("s3cret/+"));
  ClientUnderTest under(at(redis, ":s3cret%2F+@"));
  EXPECT_EQ(under.ask({"PING"}), "\"PONG\"");
}

TEST(RedisClientAndServer, UsesAnAclUser) {
  RedisServerOptions options;
  // This user may use only the commands of a cache, not even PING.
  options.acl_user = "app on >secret ~weather:* &weather:* -@all +get +set";
  const RedisServer redis(options);
  ClientUnderTest under(at(redis, "app:secret@"));
  EXPECT_EQ(under.ask({"SET", "weather:a", "1"}), "\"OK\"");
  EXPECT_EQ(under.ask({"SET", "other", "1"}), "redis-error");
}

TEST(RedisClientAndServer, SaysThatThePasswordIsWrongWithoutShowingIt) {
  const RedisServer redis(with_password("right"));
  ClientUnderTest wrong(at(redis, ":hunter2@"));
  EXPECT_TRUE(wrong.logs("WRONGPASS"));
  EXPECT_EQ(wrong.log().text().find("hunter2"), std::string::npos);
  EXPECT_EQ(wrong.ask({"PING"}), "redis-unavailable");
  ClientUnderTest none(at(redis, ""));
  EXPECT_TRUE(none.logs("NOAUTH"));
}

TEST(RedisClientAndServer, SelectsTheDatabase) {
  const RedisServer redis;
  ClientUnderTest third(at(redis, "", "/3"));
  ClientUnderTest first(at(redis, ""));
  EXPECT_EQ(third.ask({"SET", "k", "3"}), "\"OK\"");
  EXPECT_EQ(first.ask({"GET", "k"}), "null");
  ClientUnderTest beyond(at(redis, "", "/99"));
  EXPECT_TRUE(beyond.logs("refused database 99"));
}

TEST(RedisClientAndServer, SpeaksOverAUnixSocket) {
  const RedisServer redis;
  ClientUnderTest under(cat("unix://", redis.socket_path(), "?db=1"));
  EXPECT_EQ(under.ask({"SET", "k", "v"}), "\"OK\"");
  EXPECT_EQ(under.ask({"GET", "k"}), "\"v\"");
}

TEST(RedisClientAndServer, SpeaksTls) {
  CertificateAuthority authority;
  RedisServerOptions made;
  made.tls = authority.issue({"localhost", "127.0.0.1"});
  made.password = "secret";
  const RedisServer redis(made);
  RedisOptions options = options_for(cat("rediss://:secret@localhost:", redis.port()));
  options.ca_file = authority.file();
  options.timeout = milliseconds(5000);
  ClientUnderTest under(options);
  ASSERT_TRUE(under.becomes(ConnectionState::up));
  EXPECT_EQ(under.ask({"SET", "k", std::string(300'000, 'x')}), "\"OK\"");
  EXPECT_EQ(under.ask({"GET", "k"}).size(), 300'002U);

  // REDIS_TLS with an address instead of a name.
  RedisOptions by_address = options_for(cat("redis://:secret@127.0.0.1:", redis.port()));
  by_address.tls = true;
  by_address.ca_file = authority.file();
  ClientUnderTest other(by_address);
  ASSERT_TRUE(other.becomes(ConnectionState::up));
  EXPECT_EQ(other.ask({"PING"}), "\"PONG\"");
}

TEST(RedisClientAndServer, RefusesACertificateItHasNoReasonToTrust) {
  CertificateAuthority authority;
  CertificateAuthority stranger;
  RedisServerOptions made;
  made.tls = authority.issue({"localhost"});
  const RedisServer redis(made);
  ClientUnderTest system(redis.url());
  EXPECT_TRUE(system.logs("certificate of Redis is not trusted")) << system.log().text();
  RedisOptions options = options_for(redis.url());
  options.ca_file = stranger.file();
  ClientUnderTest strange(options);
  EXPECT_TRUE(strange.logs("certificate of Redis is not trusted")) << strange.log().text();
  EXPECT_EQ(strange.ask({"PING"}), "redis-unavailable");
}

TEST(RedisClientAndServer, RefusesACertificateForAnotherHost) {
  CertificateAuthority authority;
  RedisServerOptions made;
  made.tls = authority.issue({"redis.example"});
  const RedisServer redis(made);
  for (const std::string host : {"localhost", "127.0.0.1"}) {
    RedisOptions options = options_for(cat("rediss://", host, ":", redis.port()));
    options.ca_file = authority.file();
    ClientUnderTest under(options);
    EXPECT_TRUE(under.logs(cat("wrong host name: the certificate of Redis is not for ", host))) << under.log().text();
  }
}

TEST(RedisClientAndServer, SaysThatTheCaFileCannotBeRead) {
  RedisOptions options = options_for("rediss://localhost:1");
  options.ca_file = "/nonexistent/ca.pem";
  ClientUnderTest under(options);
  EXPECT_TRUE(under.logs("REDIS_CA_FILE (/nonexistent/ca.pem)"));
}

TEST(RedisClientAndServer, NoticesThatOneSideSpeaksTlsAndTheOtherDoesNot) {
  CertificateAuthority authority;
  RedisServerOptions made;
  made.tls = authority.issue({"localhost"});
  const RedisServer tls(made);
  ClientUnderTest plain_client(cat("redis://localhost:", tls.port()));
  EXPECT_TRUE(plain_client.logs("does it need TLS? use rediss:// or REDIS_TLS=true")) << plain_client.log().text();
  const RedisServer plain;
  ClientUnderTest tls_client(cat("rediss://localhost:", plain.port()));
  EXPECT_TRUE(tls_client.logs("does the server speak TLS on this port?")) << tls_client.log().text();
}

TEST(RedisClientAndServer, IsBackWithinTwoSecondsOfItsReturn) {
  RedisServer redis;
  ClientUnderTest under(redis.url());
  ASSERT_TRUE(under.becomes(ConnectionState::up));
  redis.kill();
  ASSERT_TRUE(under.becomes(ConnectionState::down));
  EXPECT_EQ(under.ask({"GET", "k"}), "redis-unavailable");
  // Redis stays down long enough for the longest back-off.
  ASSERT_TRUE(eventually([&] { return under.count(Counter::redis_connect_failures) >= 6; }));
  redis.start();
  const auto back = std::chrono::steady_clock::now();
  ASSERT_TRUE(under.becomes(ConnectionState::up));
  EXPECT_LT(std::chrono::steady_clock::now() - back, milliseconds(2000));
  EXPECT_EQ(under.ask({"SET", "k", "v"}), "\"OK\"");
}

TEST(RedisClientAndServer, IsNotHeldUpByAFrozenServer) {
  RedisServer redis;
  ClientUnderTest under(options_for(redis.url(), milliseconds(100)));
  ASSERT_TRUE(under.becomes(ConnectionState::up));
  redis.freeze();
  const auto start = std::chrono::steady_clock::now();
  while (under.client().state() == ConnectionState::up) {
    const Outcome outcome = ClientUnderTest::get(under.send({"GET", "k"}));
    EXPECT_THAT(outcome.text, testing::AnyOf("redis-timeout", "redis-unavailable"));
    EXPECT_LT(outcome.took, milliseconds(500));
    ASSERT_LT(std::chrono::steady_clock::now() - start, milliseconds(5000));
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, milliseconds(3000));
  redis.thaw();
  const auto back = std::chrono::steady_clock::now();
  ASSERT_TRUE(under.becomes(ConnectionState::up));
  EXPECT_LT(std::chrono::steady_clock::now() - back, milliseconds(2000));
}

TEST(RedisClientAndServer, NoticesABlackHoleAndDialsAnew) {
  const RedisServer redis;
  BlackHole network(redis.port());
  ClientUnderTest under(options_for(cat("redis://127.0.0.1:", network.port()), milliseconds(100)));
  ASSERT_TRUE(under.becomes(ConnectionState::up));
  network.swallow_connections();
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(under.ask({"GET", "k"}), "redis-timeout");
  ASSERT_TRUE(network.wait_for_accepted(2));
  ASSERT_TRUE(under.becomes(ConnectionState::up));
  EXPECT_LT(std::chrono::steady_clock::now() - start, milliseconds(3000));
  EXPECT_EQ(under.ask({"SET", "k", "v"}), "\"OK\"");
}

TEST(RedisClientAndServer, HearsWhatIsPublished) {
  const RedisServer redis;
  std::string heard;
  Signal subscribed;
  Signal message;
  ClientUnderTest under(redis.url(), false);
  under.on_loop([&] {
    under.client().on_connected([&] {
      under.client().subscribe("events", [&](const Result<Reply>& reply) {
        if (reply) subscribed.set();
      });
    });
    under.client().on_push([&](const Reply& push) {
      heard = test::shown(push);
      message.set();
    });
  });
  under.start();
  ASSERT_TRUE(subscribed.wait());
  // The connection carries commands although it has a subscription.
  EXPECT_EQ(under.ask({"PUBLISH", "events", "fill"}), "1");
  ASSERT_TRUE(message.wait());
  EXPECT_EQ(heard, ">[\"message\",\"events\",\"fill\"]");
}

TEST(RedisClientAndServer, KeepsAThousandCommandsInOrder) {
  const RedisServer redis;
  std::vector<std::int64_t> got;
  Signal all;
  ClientUnderTest under(options_for(redis.url(), milliseconds(5000)));
  ASSERT_TRUE(under.becomes(ConnectionState::up));
  under.on_loop([&] {
    for (int i = 0; i < 1000; ++i) {
      under.client().command({"INCR", "n"}, [&](const Result<Reply>& reply) {
        got.push_back(reply ? reply->integer() : -1);
        if (got.size() == 1000) all.set();
      });
    }
  });
  ASSERT_TRUE(all.wait());
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_EQ(got[i], static_cast<std::int64_t>(i) + 1);
}

TEST(RedisClientAndServer, ClientsOfOneProcessShareTheirVoice) {
  const auto url = parse_url("redis://127.0.0.1:1").value();
  RedisOptions options;
  options.url = url;
  const SystemClock clock;
  observability::Metrics metrics;
  wx::test::MemoryLog log;
  Common common(options, clock, metrics, log);
  wx::test::Background loop;
  const auto executor = make_asio_executor(loop.context());
  std::unique_ptr<Client> clients[3];
  loop.call([&] {
    for (auto& client : clients) {
      client = std::make_unique<Client>(loop.context(), *executor, common);
      client->start();
    }
  });
  EXPECT_TRUE(eventually([&] { return metrics.value(Counter::redis_connect_failures) >= 6; }));
  loop.call([&] {
    for (auto& client : clients) client.reset();
  });
  const std::string text = log.text();
  EXPECT_EQ(text.find("cannot be used"), text.rfind("cannot be used")) << text;
}

}  // namespace
}  // namespace wx::redis
