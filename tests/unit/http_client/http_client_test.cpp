#include "http_client/http_client.hpp"

#include <atomic>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "outcome.hpp"
#include "support/fake_provider.hpp"
#include "support/free_port.hpp"
#include "support/memory_log.hpp"

namespace wx::http_client {
namespace {

using namespace std::chrono_literals;
using test::FakeProvider;
using test::ProviderReply;

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  }
  return bytes;
}

// {"answer":"compressed"}
const std::string kGzip =
    from_hex("1f8b0800000000000203ab564acc2b2e4f2d52b2524acecf2d284a2d2e4e4d51aa05004012f74e17000000");
// Five million spaces, compressed three times.
const std::string kBomb = from_hex(
    "1f8b080000000000020393efe660000126e6c9ef9f253030aa3d33679776ec616b5d596f7a34bcc8b0a729d080cbeda08604ebe2041164ce8c"
    "e6b6db67cf3829b43dfeffe3fd29c5c58c465c6e3c370e3e0d31397ae3e0ed764686d0b60faab2c20c0c005f13233462000000");

class Client : public testing::Test {
 protected:
  GetRequest request(std::string path = "/x") {
    return {.url = provider.url() + path, .connect_timeout = 3s, .total_timeout = 5s};
  }

  FakeProvider provider;
  test::MemoryLog log;
  HttpClient client{HttpClientOptions{.user_agent = "a-test/1"}, log};
};

TEST_F(Client, GetsABodyWithItsStatusAndType) {
  ProviderReply reply = test::json_reply(200, R"({"a":1})");
  reply.delay = 20ms;
  provider.always(reply);
  auto asked = request("/v1/forecast?latitude=1");
  asked.headers = {"X-Api-Key: s3cret", "X-Empty:"};
  const auto outcome = get(client, asked);
  ASSERT_TRUE(outcome) << told(outcome);
  EXPECT_EQ(outcome->status, 200);
  EXPECT_EQ(outcome->content_type, "application/json; charset=utf-8");
  EXPECT_EQ(outcome->body, R"({"a":1})");
  EXPECT_GE(outcome->duration, 20ms);
  const auto seen = provider.requests().at(0);
  EXPECT_EQ(seen.method, "GET");
  EXPECT_EQ(seen.target, "/v1/forecast?latitude=1");
  EXPECT_EQ(seen.header("User-Agent"), "a-test/1");
  EXPECT_EQ(seen.header("X-Api-Key"), "s3cret");
  EXPECT_NE(seen.header("Accept-Encoding").find("gzip"), std::string::npos);
}

TEST_F(Client, EveryStatusIsAnAnswer) {
  for (const int status : {204, 400, 404, 429, 500, 503}) {
    provider.always(test::html_reply(status, status == 204 ? "" : "<html>"));
    EXPECT_EQ(told(get(client, request())), std::to_string(status));
  }
}

TEST_F(Client, ReadsTheTimesInTheHeader) {
  auto reply = test::html_reply(503, "<html>");
  reply.headers = {{"date", "Sat, 01 Aug 2026 12:00:00 GMT"}, {"AGE", "7"}, {"Retry-After", "120"}};
  provider.always(reply);
  const std::chrono::sys_seconds noon = std::chrono::sys_days(std::chrono::year(2026) / 8 / 1) + 12h;
  auto outcome = get(client, request());
  ASSERT_TRUE(outcome) << told(outcome);
  EXPECT_EQ(outcome->date, noon);
  EXPECT_EQ(outcome->age, 7s);
  EXPECT_EQ(outcome->retry_after, RetryAfter(120s));
  reply.headers = {{"Date", "now"}, {"Age", "-1"}, {"Retry-After", "Sat, 01 Aug 2026 12:00:00 GMT"}};
  provider.always(reply);
  outcome = get(client, request());
  ASSERT_TRUE(outcome) << told(outcome);
  EXPECT_FALSE(outcome->date || outcome->age);
  EXPECT_EQ(outcome->retry_after, RetryAfter(noon));
  provider.always(test::json_reply(200, "{}"));
  outcome = get(client, request());
  ASSERT_TRUE(outcome) << told(outcome);
  EXPECT_FALSE(outcome->date || outcome->age || outcome->retry_after) << "the fields of the reply before are gone";
}

TEST_F(Client, FollowsNoRedirect) {
  provider.script([this](const auto& seen) {
    auto reply = test::json_reply(303, "{}");
    reply.headers = {{"Location", provider.url() + "/elsewhere"}};
    return seen.target == "/elsewhere" ? test::json_reply(200, "{}") : reply;
  });
  EXPECT_EQ(told(get(client, request())), "303");
  EXPECT_EQ(provider.calls(), 1U);
}

TEST_F(Client, DecompressesABody) {
  auto reply = test::json_reply(200, kGzip);
  reply.headers = {{"Content-Encoding", "gzip"}};
  provider.always(reply);
  const auto outcome = get(client, request());
  ASSERT_TRUE(outcome) << told(outcome);
  EXPECT_EQ(outcome->body, R"({"answer":"compressed"})");
}

TEST_F(Client, ABodyThatDoesNotDecompressIsABadReply) {
  auto reply = test::json_reply(200, R"({"a":1})");
  reply.headers = {{"Content-Encoding", "gzip"}};
  provider.always(reply);
  EXPECT_EQ(told(get(client, request())), "200, provider-bad-reply: the answer could not be decompressed");
  reply.headers = {{"Content-Encoding", "rot13"}};
  provider.always(reply);
  EXPECT_EQ(told(get(client, request())), "200, provider-bad-reply: the answer could not be decompressed");
}

TEST_F(Client, TheSizeIsCountedAfterDecompression) {
  auto reply = test::json_reply(200, kBomb);
  reply.headers = {{"Content-Encoding", "gzip, gzip, gzip"}};
  provider.always(reply);
  EXPECT_EQ(told(get(client, request())), "200, provider-bad-reply: the answer was too large");
}

TEST_F(Client, TakesABodyOfExactlyTheLimit) {
  provider.always(test::json_reply(200, std::string(1024UL * 1024, 'x')));
  EXPECT_EQ(told(get(client, request())), "200");
  provider.always(test::json_reply(200, std::string(1024UL * 1024 + 1, 'x')));
  const auto outcome = get(client, request());
  EXPECT_EQ(told(outcome), "200, provider-bad-reply: the answer was too large");
  ASSERT_TRUE(outcome);
  EXPECT_TRUE(outcome->body_fault->of_query) << "another query may have a smaller answer";
  EXPECT_EQ(outcome->body.size(), 1024UL * 1024) << "what came of it";
  for (const auto framing : {ProviderReply::Framing::chunked, ProviderReply::Framing::content_length}) {
    auto reply = test::json_reply(200, std::string(5'000'000, 'x'));
    reply.framing = framing;
    provider.always(reply);
    EXPECT_EQ(told(get(client, request())), "200, provider-bad-reply: the answer was too large");
  }
}

TEST_F(Client, HeadersWithoutEndAreABadReply) {
  std::string head = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 2000; ++i) head += "X-Many: " + std::string(50, 'x') + "\r\n";
  provider.always(test::garbage(head));
  EXPECT_EQ(told(get(client, request())), "200, provider-bad-reply: the answer was too large");
  provider.always(test::garbage("HTTP/1.1 200 OK\r\nX-Long: " + std::string(500'000, 'x')));
  EXPECT_EQ(told(get(client, request())), "200, provider-bad-reply: the answer was too large");
}

TEST_F(Client, AnAnswerCutShortIsABadReply) {
  for (const auto framing : {ProviderReply::Framing::chunked, ProviderReply::Framing::content_length}) {
    provider.always(test::truncated(test::json_reply(200, R"({"a":1,"b":2})"), framing));
    EXPECT_EQ(told(get(client, request())), "200, provider-bad-reply: the answer was cut short");
  }
}

TEST_F(Client, AResetInTheMiddleIsALostConnection) {
  auto reply = test::json_reply(200, R"({"a":1,"b":2})");
  reply.stop_after = 5;
  reply.ending = ProviderReply::Ending::reset;
  provider.always(reply);
  const auto outcome = get(client, request());
  // libcurl's error depends on whether it read the first bytes before the reset arrived.
  ASSERT_TRUE(!outcome || outcome->body_fault) << told(outcome);
  const auto kind = outcome ? outcome->body_fault->kind : outcome.error().kind;
  EXPECT_TRUE(kind == ErrorKind::provider_unreachable || kind == ErrorKind::provider_bad_reply) << told(outcome);
}

TEST_F(Client, AResetBeforeAnythingIsALostConnection) {
  provider.always(test::connection_reset());
  EXPECT_EQ(told(get(client, request())), "provider-unreachable: the connection was lost");
}

TEST_F(Client, WhatIsNotHttpIsABadReply) {
  provider.always(test::garbage("+PONG\r\n"));
  EXPECT_EQ(told(get(client, request())), "provider-bad-reply: the answer was not HTTP");
}

TEST_F(Client, ARefusedConnectionIsToldWithoutAddresses) {
  const auto port = test::free_port();
  const auto outcome = get(
      client, {.url = "http://127.0.0.1:" + std::to_string(port) + "/x", .connect_timeout = 3s, .total_timeout = 5s});
  EXPECT_EQ(told(outcome), "provider-unreachable: the connection was refused, or could not be made");
  EXPECT_TRUE(log.contains("http_client: a transfer failed code=7")) << log.text();
}

TEST_F(Client, SilenceEndsAtTheDeadline) {
  provider.always(test::never());
  auto asked = request();
  asked.total_timeout = 200ms;
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(told(get(client, asked)), "provider-timeout: no complete answer in time");
  EXPECT_GE(std::chrono::steady_clock::now() - start, 200ms);
}

TEST_F(Client, ATrickleEndsAtTheDeadline) {
  provider.always(test::trickled(test::json_reply(200, std::string(100, 'x')), 100ms));
  auto asked = request();
  asked.total_timeout = 3s;  // the body takes 10 s, and the status arrives in time on a busy machine, too
  EXPECT_EQ(told(get(client, asked)), "200, provider-timeout: no complete answer in time");
}

TEST_F(Client, TheStatusAndItsTimesOutliveABodyThatFails) {
  auto whole = test::json_reply(503, R"({"a":1,"b":2})");
  whole.headers = {{"Date", "Sat, 01 Aug 2026 12:00:00 GMT"}, {"Age", "7"}, {"Retry-After", "120"}};
  auto undecodable = whole;
  undecodable.headers.emplace_back("Content-Encoding", "gzip");
  auto large = whole;
  large.body = std::string(1024UL * 1024 + 1, 'x');
  auto stalled = test::truncated(whole, ProviderReply::Framing::content_length);
  stalled.ending = ProviderReply::Ending::hang;
  auto endless_head = whole;
  for (int i = 0; i < 2000; ++i) endless_head.headers.emplace_back("X-Many", std::string(50, 'x'));
  const std::vector<std::pair<ProviderReply, std::string>> cases{
      {test::truncated(whole, ProviderReply::Framing::chunked), "provider-bad-reply: the answer was cut short"},
      {test::truncated(whole, ProviderReply::Framing::content_length), "provider-bad-reply: the answer was cut short"},
      {undecodable, "provider-bad-reply: the answer could not be decompressed"},
      {large, "provider-bad-reply: the answer was too large"},
      {endless_head, "provider-bad-reply: the answer was too large"},
      {stalled, "provider-timeout: no complete answer in time"}};
  for (const auto& [reply, why] : cases) {
    provider.always(reply);
    auto asked = request();
    // Only this reply must run into its deadline. The status arrives before it on a busy machine, too.
    if (reply.ending == ProviderReply::Ending::hang) asked.total_timeout = 2s;
    const auto outcome = get(client, asked);
    EXPECT_EQ(told(outcome), "503, " + why);
    if (!outcome) continue;
    EXPECT_EQ(outcome->retry_after, RetryAfter(120s)) << why;
    EXPECT_EQ(outcome->age, 7s) << why;
    EXPECT_TRUE(outcome->date) << why;
  }
}

// RFC 9112 §8: without the empty line after the header fields, what the status means has not been conveyed.
TEST_F(Client, AStatusWhoseHeaderNeverEndsIsNoAnswer) {
  using enum ProviderReply::Ending;
  const std::string head = "HTTP/1.1 429 x\r\nRetry-After: 120\r\n";
  const std::string early = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
  const std::string lost = "provider-unreachable: the connection was lost";
  struct Case {
    std::string bytes;
    ProviderReply::Ending ending;
    std::string expected;
  };
  const std::vector<Case> cases{{"HTTP/1.1 429 x\r\n", close, lost},
                                {head, close, lost},
                                {head + "Retry-", close, lost},
                                {head, reset, lost},
                                {early + head, close, lost},
                                {early + head, reset, lost},
                                {head, hang, "provider-timeout: no complete answer in time"}};
  for (const auto& one : cases) {
    auto reply = test::garbage(one.bytes);
    reply.ending = one.ending;
    provider.always(reply);
    auto asked = request();
    // Long enough for a reply on a busy machine.
    if (one.ending == hang) asked.total_timeout = 2s;
    EXPECT_EQ(told(get(client, asked)), one.expected) << one.bytes << static_cast<int>(one.ending);
  }
  provider.always(test::garbage(early + head + "Content-Length: 0\r\n\r\n"));
  const auto whole = get(client, request());
  EXPECT_EQ(told(whole), "429");
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->retry_after, RetryAfter(120s));
}

TEST_F(Client, AnInterimStatusIsNoAnswer) {
  auto reply = test::garbage("HTTP/1.1 103 Early Hints\r\nRetry-After: 120\r\n\r\n");
  reply.ending = ProviderReply::Ending::close;
  provider.always(reply);
  EXPECT_EQ(told(get(client, request())), "provider-unreachable: the connection was lost");
  EXPECT_GE(provider.requests().size(), 1U);
}

TEST_F(Client, KeepsTheConnection) {
  for (int i = 0; i < 5; ++i) EXPECT_EQ(told(get(client, request())), "200");
  // The provider closes its kept connection. The next request makes a new one, and its caller notices nothing.
  provider.shut();
  provider.open();
  EXPECT_EQ(told(get(client, request())), "200");
  EXPECT_EQ(provider.calls(), 6U);
}

TEST_F(Client, RefusesARequestThatIsNone) {
  const std::string no = "internal: the request could not be made";
  for (const auto* url : {"", "x", "ftp://127.0.0.1/", "file:///etc/hostname", "gopher://127.0.0.1/", "http://"}) {
    EXPECT_EQ(told(get(client, {.url = url, .connect_timeout = 1s, .total_timeout = 1s})), no) << url;
  }
  auto asked = request();
  asked.headers = {"X-A: b\r\nX-C: d"};
  EXPECT_EQ(told(get(client, asked)), no);
  asked.headers = {"no colon"};
  EXPECT_EQ(told(get(client, asked)), no);
  asked = request();
  asked.total_timeout = 0ms;
  EXPECT_EQ(told(get(client, asked)), no);
  EXPECT_EQ(provider.calls(), 0U);
}

TEST_F(Client, ManyThreadsMayAskAtOnce) {
  std::atomic<int> good = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 20; ++i) good += get(client, request()) ? 1 : 0;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(good, 160);
}

TEST_F(Client, ACallbackMayAskAgain) {
  const auto last = std::make_shared<std::promise<Result<GetResponse>>>();
  auto outcome = last->get_future();
  client.get(request(), [this, last](auto) {
    client.get(request(), [last](auto second) { last->set_value(std::move(second)); });
  });
  EXPECT_EQ(told(wait_for(outcome)), "200");
}

TEST_F(Client, TakesTheProxyOfTheEnvironmentUnlessItIsToAskDirectly) {
  provider.always(test::json_reply(200, "{}"));
  // An address of this machine that is not a loopback address. No server listens there.
  const GetRequest far{.url = "http://0.0.0.0:1/x", .connect_timeout = 300ms, .total_timeout = 300ms};
  const auto set = setenv("http_proxy", provider.url().c_str(), 1);  // NOLINT(concurrency-mt-unsafe)
  HttpClient direct{HttpClientOptions{.user_agent = "a-test/1", .direct = true}, log};
  const auto by_proxy = get(client, far);
  const auto directly = get(direct, far);
  unsetenv("http_proxy");  // NOLINT(concurrency-mt-unsafe)
  ASSERT_EQ(set, 0);
  EXPECT_EQ(told(by_proxy), "200");
  EXPECT_NE(told(directly), "200");
  EXPECT_EQ(provider.requests().size(), 1U);
}

TEST(ClientEnd, AnUnusedClientEndsAtOnce) {
  test::MemoryLog log;
  const HttpClient client({}, log);
}

TEST(ClientEnd, WhatRunsIsAbandonedAndTold) {
  FakeProvider provider;
  provider.always(test::never());
  test::MemoryLog log;
  std::vector<std::future<Result<GetResponse>>> outcomes;
  std::atomic<int> asked_again = 0;
  {
    HttpClient client({}, log);
    for (int i = 0; i < 10; ++i)
      outcomes.push_back(start_get(client, {.url = provider.url(), .connect_timeout = 3s, .total_timeout = 60s}));
    client.get({.url = provider.url(), .connect_timeout = 3s, .total_timeout = 60s}, [&](auto) {
      client.get({.url = provider.url(), .connect_timeout = 3s, .total_timeout = 60s},
                 [&](auto outcome) { asked_again += outcome.error().kind == ErrorKind::draining ? 1 : 0; });
    });
    ASSERT_TRUE(provider.wait_for_calls(1));
  }
  for (auto& outcome : outcomes) EXPECT_EQ(told(wait_for(outcome)), "draining: ");
  EXPECT_EQ(asked_again, 1);
}

TEST(ClientEnd, AClientThatIsStoppedAtOnceTellsToo) {
  FakeProvider provider;
  test::MemoryLog log;
  for (int i = 0; i < 20; ++i) {
    std::future<Result<GetResponse>> outcome;
    {
      HttpClient client({}, log);
      outcome = start_get(client, {.url = provider.url(), .connect_timeout = 3s, .total_timeout = 60s});
    }
    const auto told_so = told(wait_for(outcome));
    EXPECT_TRUE(told_so == "draining: " || told_so == "200") << told_so;
  }
}

TEST_F(Client, ACallbackThatThrowsIsLoggedAndHarmsNoOther) {
  provider.always(test::json_reply(200, "{}"));
  std::promise<void> called;
  client.get(request(), [&](const auto&) {
    called.set_value();
    throw std::runtime_error("boom");
  });
  called.get_future().wait();
  EXPECT_EQ(told(get(client, request())), "200");
  client.get({.url = "not a url", .connect_timeout = 3s, .total_timeout = 5s},
             [](const auto&) { throw std::runtime_error("bang"); });
  EXPECT_EQ(told(get(client, request())), "200");
  EXPECT_EQ(log.count("http_client: a callback threw what=boom"), 1) << log.text();
  EXPECT_EQ(log.count("http_client: a callback threw what=bang"), 1) << log.text();
}

TEST_F(Client, ACallbackMayThrowWhileTheClientEnds) {
  provider.script([](const auto&) { return test::never(); });
  {
    HttpClient ending{HttpClientOptions{}, log};
    ending.get(request(), [](const auto&) { throw std::runtime_error("boom"); });
  }
  EXPECT_TRUE(log.contains("a callback threw what=boom"));
}

}  // namespace
}  // namespace wx::http_client
