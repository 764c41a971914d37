// A request that is answered at once allocates nothing. Counts the allocations of the server's thread.
#include <gmock/gmock.h>

#include "loopback.hpp"
#include "support/allocations.hpp"

namespace wx::http_server {
namespace {

// The allocations of the server's thread between the handlers of two successive requests, after many requests.
std::vector<std::size_t> allocations_between_requests(std::string_view request) {
  std::vector<std::size_t> totals;
  totals.reserve(1000);
  std::vector<Route> routes;
  routes.push_back({"/hit", Route::Match::exact, {{Method::get, [&totals](Exchange& exchange) {
                                                     totals.push_back(test::allocations);
                                                     exchange.respond(200,
                                                                      "Cache-Control: no-store\r\nX-Cache: HIT\r\n",
                                                                      {R"({"a":1})", "\n"});
                                                   }}}});
  {
    Loopback loopback({}, std::move(routes));
    Client first(loopback.port);
    Client second(loopback.port);
    for (int i = 0; i < 50; ++i) {
      for (Client* client : {&first, &second}) {
        client->send(request);
        EXPECT_THAT(client->response(), ::testing::EndsWith("{\"a\":1}\n"));
      }
    }
  }
  EXPECT_GT(totals.front(), 0U) << "allocations are not counted";
  std::vector<std::size_t> differences;
  for (std::size_t i = 21; i < totals.size(); ++i) differences.push_back(totals[i] - totals[i - 1]);
  return differences;
}

TEST(Server, AllocatesNothingForARequestThatIsAnsweredAtOnce) {
  const auto differences = allocations_between_requests(
      "GET /hit?lat=52.52&lon=13.41 HTTP/1.1\r\nHost: localhost:8080\r\nUser-Agent: curl/8\r\nAccept: */*\r\n"
      "Accept-Encoding: gzip, br\r\nX-Request-Id: abc\r\n\r\n");
  EXPECT_EQ(differences.size(), 79U);
  EXPECT_THAT(differences, ::testing::Each(0U));
}

// Each allocation in turn, from the connection of a client to its end. The drain succeeds afterwards.
TEST(Server, GoesOnWhicheverAllocationFails) {
  if (!test::kAllocationsCanFail) GTEST_SKIP();
  for (std::size_t nth = 1;; ++nth) {
    std::promise<void> drained;
    Loopback loopback;
    loopback.on_thread([&] { test::failing_allocation = nth; });
    for (int i = 0; i < 2; ++i) {
      Client served(loopback.port);
      served.ask("/echo");
    }
    bool failed = false;
    loopback.on_thread([&] { failed = std::exchange(test::failing_allocation, 0) == 0; });
    Client next(loopback.port);
    EXPECT_THAT(next.ask("/echo"), ::testing::EndsWith("/echo")) << nth;
    next.close();
    loopback.on_thread([&] {
      loopback.server().on_drained([&drained] { drained.set_value(); });
      loopback.server().drain();
    });
    EXPECT_EQ(drained.get_future().wait_for(kPatience), std::future_status::ready) << nth;
    if (!failed) {
      EXPECT_GT(nth, 5U);
      break;
    }
  }
}

}  // namespace
}  // namespace wx::http_server
