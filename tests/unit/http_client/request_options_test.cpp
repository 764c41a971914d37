// What a GetRequest and the client's options can ask for: the body as it was sent, sizes, deadlines, and addresses.
#include <future>
#include <string>

#include <gtest/gtest.h>

#include "http_client/http_client.hpp"
#include "outcome.hpp"
#include "support/fake_provider.hpp"
#include "support/memory_log.hpp"
#include "support/waiting.hpp"

namespace wx::http_client {
namespace {

using namespace std::chrono_literals;
using test::FakeProvider;
using test::ProviderReply;

constexpr std::size_t kMiB = 1024UL * 1024;

// {"answer":"compressed"}
const std::string kGzip(
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xab\x56\x4a\xcc\x2b\x2e\x4f\x2d\x52\xb2\x52\x4a\xce\xcf\x2d\x28\x4a\x2d"
    "\x2e\x4e\x4d\x51\xaa\x05\x00\x40\x12\xf7\x4e\x17\x00\x00\x00",
    43);

ProviderReply encoded(std::string body, std::string encoding) {
  auto reply = test::json_reply(200, std::move(body));
  reply.headers = {{"Content-Encoding", std::move(encoding)}};
  return reply;
}

class RequestOptions : public testing::Test {
 protected:
  GetRequest request() { return {.url = provider.url() + "/x", .connect_timeout = 3s, .total_timeout = 30s}; }
  GetRequest raw() {
    auto asked = request();
    asked.keep_encoding = true;
    return asked;
  }

  FakeProvider provider;
  test::MemoryLog log;
  HttpClient client{HttpClientOptions{}, log};
};

TEST_F(RequestOptions, TheBodyIsHandedOverAsItWasSent) {
  provider.always(encoded(kGzip, "gzip"));
  const auto outcome = get(client, raw());
  ASSERT_TRUE(outcome) << told(outcome);
  EXPECT_EQ(outcome->body, kGzip);
  EXPECT_EQ(outcome->content_encoding, "gzip");
  const auto seen = provider.requests().at(0);
  EXPECT_EQ(seen.header("Accept-Encoding"), "gzip");
  EXPECT_EQ(seen.header("Accept"), "*/*");
}

TEST_F(RequestOptions, ABodyWithoutAnEncodingHasNone) {
  provider.always(test::json_reply(200, "{}"));
  const auto outcome = get(client, raw());
  ASSERT_TRUE(outcome) << told(outcome);
  EXPECT_EQ(outcome->body, "{}");
  EXPECT_EQ(outcome->content_encoding, "");
}

TEST_F(RequestOptions, AnEncodingThatNobodyKnowsIsTheCallersAffair) {
  provider.always(encoded("abc", "rot13"));
  const auto outcome = get(client, raw());
  EXPECT_EQ(told(outcome), "200");
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->body, "abc");
  EXPECT_EQ(outcome->content_encoding, "rot13");
}

TEST_F(RequestOptions, ADecompressedBodyHasNoEncoding) {
  provider.always(encoded(kGzip, "gzip"));
  const auto outcome = get(client, request());
  ASSERT_TRUE(outcome) << told(outcome);
  EXPECT_EQ(outcome->body, R"({"answer":"compressed"})");
  EXPECT_EQ(outcome->content_encoding, "");
}

TEST_F(RequestOptions, TheDispositionIsHandedOver) {
  auto reply = test::json_reply(200, "{}");
  reply.headers = {{"content-disposition", "attachment; filename=\"a.csv\""}};
  provider.always(reply);
  auto outcome = get(client, request());
  ASSERT_TRUE(outcome) << told(outcome);
  EXPECT_EQ(outcome->content_disposition, "attachment; filename=\"a.csv\"");
  provider.always(test::json_reply(200, "{}"));
  outcome = get(client, request());
  ASSERT_TRUE(outcome) << told(outcome);
  EXPECT_EQ(outcome->content_disposition, "");
}

TEST_F(RequestOptions, ARequestMayHaveALimitOfItsOwn) {
  provider.always(test::json_reply(200, std::string(kMiB + 1, 'x')));
  auto asked = request();
  EXPECT_EQ(told(get(client, asked)), "200, provider-bad-reply: the answer was too large") << "the client's limit";
  asked.max_body = kMiB + 1;
  EXPECT_EQ(told(get(client, asked)), "200");
  provider.always(test::json_reply(200, "12345"));
  asked.max_body = 5;
  EXPECT_EQ(told(get(client, asked)), "200");
  asked.max_body = 4;
  const auto outcome = get(client, asked);
  EXPECT_EQ(told(outcome), "200, provider-bad-reply: the answer was too large");
  ASSERT_TRUE(outcome);
  EXPECT_TRUE(outcome->body_fault->of_query);
}

TEST_F(RequestOptions, TheLimitCountsTheBytesThatAreHandedOver) {
  provider.always(encoded(kGzip, "gzip"));  // 43 bytes, of a body of 23
  auto asked = request();
  asked.max_body = 23;
  EXPECT_EQ(told(get(client, asked)), "200");
  asked.max_body = 22;
  EXPECT_EQ(told(get(client, asked)), "200, provider-bad-reply: the answer was too large");
  asked.keep_encoding = true;
  asked.max_body = 43;
  EXPECT_EQ(told(get(client, asked)), "200");
  asked.max_body = 42;
  EXPECT_EQ(told(get(client, asked)), "200, provider-bad-reply: the answer was too large");
}

TEST_F(RequestOptions, ARequestThatIsNotAnsweredEndsBeforeItsTotalTime) {
  ProviderReply early = test::garbage("HTTP/1.1 103 Early Hints\r\n\r\n");
  early.ending = ProviderReply::Ending::hang;
  for (const auto& reply : {test::never(), early}) {
    provider.always(reply);
    auto asked = request();
    // Nothing else wakes the client up then: libcurl does at the end of the time to connect, and after 200 ms.
    asked.connect_timeout = 0ms;
    asked.first_byte_timeout = 500ms;
    const auto start = std::chrono::steady_clock::now();
    EXPECT_EQ(told(get(client, asked)), "provider-timeout: no complete answer in time");
    const auto took = std::chrono::steady_clock::now() - start;
    EXPECT_GE(took, 500ms);
    EXPECT_LT(took, 25s) << "the total time is 30 s";
  }
}

TEST_F(RequestOptions, EachRequestHasItsOwnDeadlineForTheFirstByte) {
  provider.always(test::never());
  auto asked = request();
  asked.first_byte_timeout = 28s;
  auto longest = start_get(client, asked);
  asked.first_byte_timeout = 0ms;
  auto none = start_get(client, asked);
  ASSERT_TRUE(provider.wait_for_calls(2));
  asked.first_byte_timeout = 100ms;
  EXPECT_EQ(told(get(client, asked)), "provider-timeout: no complete answer in time");
  EXPECT_EQ(longest.wait_for(0s), std::future_status::timeout);
  EXPECT_EQ(none.wait_for(0s), std::future_status::timeout);
}

TEST_F(RequestOptions, AnAnswerThatHasBegunHasTheTotalTime) {
  provider.always(test::trickled(test::json_reply(200, std::string(25, 'x')), 100ms));
  auto asked = request();
  asked.first_byte_timeout = 2s;  // long enough for the head on a busy machine; the body takes longer
  const auto outcome = get(client, asked);
  EXPECT_EQ(told(outcome), "200");
  ASSERT_TRUE(outcome);
  EXPECT_GT(outcome->duration, asked.first_byte_timeout);
}

TEST_F(RequestOptions, AHostIsReachedAtTheAddressThatTheOptionsGive) {
  provider.always(test::json_reply(200, "{}"));
  const HttpClientOptions options{.direct = true,
                                  .resolve = {{.host = "one.test.invalid", .address = "127.0.0.1"},
                                              {.host = "*.two.invalid", .address = "127.0.0.1"},
                                              {.host = "six.invalid", .address = "::1"}}};
  HttpClient with(options, log);
  const auto at = [&](const std::string& host) {
    auto asked = request();
    asked.url = "http://" + host + ":" + std::to_string(provider.port()) + "/x";
    return told(get(with, asked));
  };
  EXPECT_EQ(at("one.test.invalid"), "200");
  EXPECT_EQ(at("One.Test.invalid"), "200");
  EXPECT_EQ(at("any.two.invalid"), "200");
  EXPECT_EQ(provider.requests().at(0).header("Host"), "one.test.invalid:" + std::to_string(provider.port()));
  EXPECT_EQ(at("127.0.0.1"), "200");
  const std::string not_there = "provider-unreachable: the connection was refused, or could not be made";
  EXPECT_EQ(at("six.invalid"), not_there) << "the provider has no IPv6 address";
}

TEST_F(RequestOptions, TheBytesOfBodiesAreCountedUntilTheCallback) {
  auto reply = test::json_reply(200, std::string(100'000, 'x'));
  reply.stop_after = 60'000;
  reply.ending = ProviderReply::Ending::hang;
  provider.always(reply);
  const auto bytes = client.bytes_in_flight();
  EXPECT_EQ(*bytes, 0U);
  auto asked = request();
  asked.total_timeout = 3s;
  std::promise<std::size_t> at_callback;
  client.get(asked, [&](const auto&) { at_callback.set_value(*bytes); });
  client.get(asked, [](const auto&) {});
  EXPECT_TRUE(test::eventually([&] { return *bytes == 120'000; })) << *bytes;
  auto value = at_callback.get_future();
  ASSERT_EQ(value.wait_for(30s), std::future_status::ready);
  EXPECT_LE(value.get(), 60'000U) << "without its own";
  EXPECT_TRUE(test::eventually([&] { return *bytes == 0; })) << *bytes;
  provider.always(test::json_reply(200, "{}"));
  EXPECT_EQ(told(get(client, asked)), "200");
  EXPECT_EQ(*bytes, 0U);
}

TEST_F(RequestOptions, AClientThatEndsHoldsNoBytes) {
  auto reply = test::json_reply(200, std::string(100'000, 'x'));
  reply.stop_after = 60'000;
  reply.ending = ProviderReply::Ending::hang;
  provider.always(reply);
  BytesInFlight bytes;
  {
    HttpClient ending(HttpClientOptions{}, log);
    bytes = ending.bytes_in_flight();
    ending.get(request(), [](const auto&) {});
    EXPECT_TRUE(test::eventually([&] { return *bytes == 60'000; })) << *bytes;
  }
  EXPECT_EQ(*bytes, 0U);
}

}  // namespace
}  // namespace wx::http_client
