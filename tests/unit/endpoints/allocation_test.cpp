// A memory hit allocates nothing between the parsed request and the write.
#include "support/allocations.hpp"
#include "unit/endpoints/harness.hpp"

namespace wx::endpoints {
namespace {

// Looks at an answer without keeping it, because a growing string would be counted.
class CountingChannel final : public http_server::Channel {
 public:
  CountingChannel(http_server::Request request, Executor& executor)
      : request_(std::move(request)), executor_(executor) {}

  [[nodiscard]] const http_server::Request& request() const override { return request_; }
  [[nodiscard]] Executor& executor() override { return executor_; }
  [[nodiscard]] std::string_view peer() const override { return "192.0.2.1"; }
  void respond(int status, std::string_view headers, std::initializer_list<http_server::BodyPart>) override {
    hit = (status == 200 || status == 304) && headers.contains("X-Cache: HIT\r\n");
  }
  [[nodiscard]] std::shared_ptr<Channel> hold() override { return nullptr; }
  void abandon() override {}

  bool hit = false;

 private:
  http_server::Request request_;
  Executor& executor_;
};

class AllocationTest : public EndpointsTest {
 protected:
  // The allocations of one hit, the last of several, so that scratch buffers have grown.
  std::size_t allocations_of(std::string_view target, std::string_view lines) {
    const auto bytes = cat("GET ", target, " HTTP/1.1\r\nHost: localhost:8080\r\n", lines, "\r\n");
    http_server::HeadParser parser;
    EXPECT_EQ(parser.feed(bytes), http_server::HeadParser::Status::complete);
    std::size_t spent = 1;
    for (int i = 0; i < 5; ++i) {
      CountingChannel channel(http_server::Request(bytes.data(), parser.head(), clock_.steady(), nullptr), executor_);
      const auto before = test::allocations;
      http_server::Exchange exchange(channel);
      endpoints().handler().handle(exchange);
      spent = test::allocations - before;
      EXPECT_TRUE(channel.hit) << target;
    }
    return spent;
  }
};

TEST_F(AllocationTest, OfAMemoryHitAreNone) {
  log_.least = observability::LogLevel::info;
  get("/weather?lat=52.52&lon=13.41");
  provider_.answer(current());
  ask_mock("/weather?lat=-89.1234567&lon=-179.123456&mock=true");
  EXPECT_GT(test::allocations, 0U) << "allocations are not counted";
  EXPECT_EQ(allocations_of("/weather?lat=52.52&lon=13.41", "Accept: */*\r\nUser-Agent: curl/8\r\n"), 0U);
  EXPECT_EQ(allocations_of("/weather?lat=52.520&lon=1.341e1", "X-Request-Id: trace-1\r\n"), 0U);
  EXPECT_EQ(allocations_of("/weather?lat=52.52&lon=13.41",
                           "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n"),
            0U);
  EXPECT_EQ(allocations_of("/weather?lat=52.52&lon=13.41", "traceparent: nonsense\r\n"), 0U);
  EXPECT_EQ(allocations_of("/weather?lat=52.52&lon=13.41", "If-None-Match: W/\"5f2a\", *\r\n"), 0U);
  EXPECT_EQ(allocations_of("/weather?lat=-89.1234567&lon=-179.123456&mock=true", "Accept: application/json\r\n"), 0U);
}

}  // namespace
}  // namespace wx::endpoints
