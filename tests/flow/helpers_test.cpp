// Tests of the helpers of the flow tests.
#include <csignal>

#include <gtest/gtest.h>

#include "base/text.hpp"
#include "support/black_hole.hpp"
#include "support/certificate.hpp"
#include "support/fake_provider.hpp"
#include "support/free_port.hpp"
#include "support/http_client.hpp"
#include "support/process.hpp"
#include "support/redis_server.hpp"

namespace wx::test {
namespace {

constexpr std::string_view kBerlin =
    "/v1/forecast?latitude=52.52&longitude=13.41&current=temperature_2m,wind_speed_10m";

TEST(Process, TellsWhatItsChildPrintedAndHowItEnded) {
  Process child("sh", {"-c", "echo out; echo err >&2; echo $GIVEN; exit 3"}, {{"GIVEN", "a setting"}});
  EXPECT_EQ(child.wait(milliseconds(10000)), 3);
  EXPECT_EQ(child.standard_output(), "out\na setting\n");
  EXPECT_EQ(child.standard_error(), "err\n");
  EXPECT_FALSE(child.running());
}

TEST(Process, SignalsAndKillsItsChild) {
  Process child("sh", {"-c", "trap 'exit 7' TERM; echo ready; while :; do sleep 0.01; done"});
  ASSERT_TRUE(child.wait_for_output("ready", milliseconds(10000)));
  EXPECT_EQ(child.wait(milliseconds(1)), std::nullopt);
  child.signal(SIGTERM);
  EXPECT_EQ(child.wait(milliseconds(10000)), 7);

  Process stubborn("sh", {"-c", "trap '' TERM; echo ready; while :; do sleep 0.01; done"});
  ASSERT_TRUE(stubborn.wait_for_output("ready", milliseconds(10000)));
  stubborn.kill();
  EXPECT_EQ(stubborn.wait(milliseconds(0)), 128 + SIGKILL);
}

TEST(Process, FindsAWholeLineInWhatWasPrinted) {
  Process child("sh", {"-c", "echo first; printf 'the sec'; sleep 0.05; echo ond line; echo third >&2; cat"});
  EXPECT_EQ(child.wait_for_line("sec", milliseconds(10000)), "the second line");
  EXPECT_EQ(child.wait_for_line("first", milliseconds(10000)), "first");
  EXPECT_EQ(child.wait_for_line("hird", milliseconds(10000)), "third");
  EXPECT_EQ(child.wait_for_line("fourth", milliseconds(10000)), std::nullopt);
}

TEST(Process, SaysThatAProgramIsNotThere) {
  Process child("/nonexistent/program");
  EXPECT_EQ(child.wait(milliseconds(10000)), 127);
}

TEST(RedisServer, KeepsKeysUntilItIsKilledAndComesBackOnTheSamePort) {
  RedisServer redis;
  const auto port = redis.port();
  EXPECT_EQ(redis.command({"SET", "a key", "1", "PX", "50000"}), "OK");
  EXPECT_EQ(redis.command({"GET", "a key"}), "1");
  EXPECT_EQ(redis.command({"TTL", "a key"}), "50");
  EXPECT_EQ(redis.command({"KEYS", "*"}), "a key");
  EXPECT_THROW(redis.command({"NO SUCH COMMAND"}), std::runtime_error);
  redis.kill();
  EXPECT_THROW((void)Socket::connect(port, milliseconds(1000)), SocketError);
  redis.start();
  EXPECT_EQ(redis.port(), port);
  EXPECT_EQ(redis.command({"GET", "a key"}), std::nullopt);
}

TEST(RedisServer, AnswersNothingWhileFrozen) {
  RedisServer redis;
  redis.freeze();
  Socket socket = Socket::connect(redis.port(), milliseconds(1000));
  socket.write("PING\r\n", milliseconds(1000));
  EXPECT_THROW((void)socket.read_some(milliseconds(50)), SocketError);
  redis.thaw();
  EXPECT_EQ(socket.read_some(milliseconds(5000)), "+PONG\r\n");
}

TEST(RedisServer, AsksForPasswordsUsersAndTls) {
  const auto reply_to_ping = [](const RedisServer& redis) {
    Socket socket = Socket::connect(redis.port(), milliseconds(1000));
    socket.write("PING\r\n", milliseconds(1000));
    try {
      return socket.read_some(milliseconds(5000));
    } catch (const SocketError&) {
      return std::string();  // a reset is an answer, too
    }
  };
  const RedisServer with_password({.password = "secret"});
  EXPECT_TRUE(reply_to_ping(with_password).starts_with("-NOAUTH"));
  EXPECT_EQ(with_password.command({"PING"}), "PONG");

  const RedisServer with_user({.acl_user = "app on >secret ~weather:* +@all"});
  EXPECT_TRUE(reply_to_ping(with_user).starts_with("-NOAUTH"));
  EXPECT_EQ(with_user.command({"PING"}), "PONG");

  CertificateAuthority authority;
  const RedisServer with_tls({.tls = authority.issue({"localhost", "127.0.0.1"})});
  EXPECT_FALSE(reply_to_ping(with_tls).starts_with("+PONG"));
  EXPECT_EQ(with_tls.command({"PING"}), "PONG");
}

TEST(CertificateAuthority, IsTrustedForTheNamesItIssuedAndForNoOthers) {
  CertificateAuthority authority;
  const FakeProvider provider(authority.issue({"localhost"}));
  const auto curl = [&](const CertificateAuthority& trusted, std::string_view host) {
    Process child("curl", {"-sS", "--cacert", trusted.file(), cat("https://", host, ":", provider.port(), kBerlin)});
    return child.wait(milliseconds(10000));
  };
  EXPECT_EQ(curl(authority, "localhost"), 0);
  EXPECT_EQ(curl(authority, "127.0.0.1"), 60);
  EXPECT_EQ(curl(CertificateAuthority(), "localhost"), 60);
}

TEST(FakeProvider, AnswersAsTheRealOneDoes) {
  FakeProvider provider;
  HttpClient client(provider.port());
  const Answer first = client.get(kBerlin, {{"User-Agent", "a test"}});
  EXPECT_EQ(first.status, 200);
  EXPECT_EQ(first.header("transfer-encoding"), "chunked");
  EXPECT_TRUE(first.body.starts_with(R"({"latitude":52.52,"longitude":13.419998,"generationtime_ms":0.0)"))
      << first.body;
  EXPECT_TRUE(first.body.ends_with("}}"));
  const Answer second = client.get(kBerlin);
  EXPECT_NE(first.body, second.body) << "generationtime_ms changes";
  EXPECT_EQ(provider.calls(), 2U);
  EXPECT_EQ(provider.requests().front().target, kBerlin);
  EXPECT_EQ(provider.requests().front().header("user-agent"), "a test");
  EXPECT_EQ(provider.requests().front().parameter("longitude"), "13.41");
}

TEST(FakeProvider, FailsInEveryWayThatAScriptNames) {
  FakeProvider provider;
  const auto ask = [&](milliseconds timeout = milliseconds(5000)) {
    return HttpClient(provider.port(), timeout).get(kBerlin);
  };
  provider.always(refusal(429, "Too many concurrent requests"));
  EXPECT_EQ(ask().status, 429);
  EXPECT_EQ(ask().body, R"({"error":true,"reason":"Too many concurrent requests"})");
  provider.always(html_reply(502, "<html>"));
  EXPECT_EQ(ask().header("content-type"), "text/html");
  provider.always(truncated(json_reply(200, "0123456789"), ProviderReply::Framing::chunked));
  EXPECT_THROW(ask(), SocketError);
  provider.always(truncated(json_reply(200, "0123456789"), ProviderReply::Framing::content_length));
  EXPECT_THROW(ask(), SocketError);
  provider.always(connection_reset());
  EXPECT_THROW(ask(), SocketError);
  provider.always(garbage("\x16\x03\x01 nonsense\r\n\r\n"));
  EXPECT_THROW(ask(), SocketError);
  provider.always(never());
  EXPECT_THROW(ask(milliseconds(50)), SocketError);
  provider.always(trickled(json_reply(200, "0123456789"), milliseconds(10)));
  EXPECT_GE(ask().took, milliseconds(90));
  provider.always(json_reply(200, std::string(5'000'000, ' ')));
  EXPECT_EQ(ask().body.size(), 5'000'000U);
  provider.shut();
  EXPECT_THROW(ask(), SocketError);
  provider.open();
  provider.answer_weather();
  EXPECT_EQ(ask().status, 200);
}

TEST(FakeProvider, ServesSixHundredAtATime) {
  FakeProvider provider;
  ProviderReply slow = json_reply(200, "{}");
  slow.delay = milliseconds(500);
  provider.always(slow);
  const auto answers = http_get_at_once(provider.port(), "/", 600);
  for (const auto& answer : answers) EXPECT_EQ(answer.body, "{}");
  EXPECT_EQ(provider.max_running(), 600U);
}

TEST(BlackHole, ForwardsSwallowsResetsAndHeals) {
  FakeProvider provider;
  BlackHole hole(provider.port());
  HttpClient before(hole.port(), milliseconds(2000));
  EXPECT_EQ(before.get(kBerlin).status, 200);

  hole.swallow_connections();
  before.send("GET", kBerlin);
  EXPECT_EQ(http_get(hole.port(), kBerlin).status, 200) << "a new connection works";
  EXPECT_EQ(provider.calls(), 2U) << "the request on the old connection never arrived";

  hole.swallow_everything();
  HttpClient during(hole.port(), milliseconds(50));
  during.send("GET", kBerlin);
  EXPECT_THROW(during.read(), SocketError);

  hole.heal();
  HttpClient after(hole.port());
  EXPECT_EQ(after.get(kBerlin).status, 200);
  hole.reset_connections();
  EXPECT_THROW(after.get(kBerlin), SocketError);
  EXPECT_EQ(hole.accepted(), 4U);
}

}  // namespace
}  // namespace wx::test
