// Answers that the server has written, but that their clients do not take: the kernel holds them.
#include <array>

#include <gmock/gmock.h>
#include <sys/syscall.h>

#include "http_server/read_watch.hpp"
#include "loopback.hpp"

namespace {

std::atomic<int> looks_at_memory{0};

}  // namespace

// In place of the library's, to count the questions for a socket's memory.
extern "C" int getsockopt(int socket, int level, int name, void* value, socklen_t* size) noexcept {
  if (level == SOL_SOCKET && name == SO_MEMINFO) ++looks_at_memory;
  return static_cast<int>(::syscall(SYS_getsockopt, socket, level, name, value, size));
}

namespace wx::http_server {
namespace {

using ::testing::EndsWith;
using ::testing::StartsWith;

// The answer fits into the server's part of the kernel (16 KiB, listen_socket.cpp), and not into the client's.
constexpr std::size_t kAnswer = 14'000;
constexpr int kSmallBuffer = 2048;
constexpr std::string_view kAsk = "GET /answer HTTP/1.1\r\nHost: a\r\n\r\n";

std::vector<Route> answers(std::size_t size = kAnswer) {
  std::vector<Route> routes;
  auto answer = [body = Body(std::string(size, 'x'))](Exchange& exchange) { exchange.respond(200, "", {body}); };
  routes.push_back({.path = "/answer", .methods = {{Method::get, std::move(answer)}}});
  return routes;
}

ServerOptions with_memory(std::size_t limit = std::size_t{1} << 30) {
  ServerOptions options;
  options.memory = std::make_shared<ConnectionMemory>(limit);
  return options;
}

// A client that has asked, and whose answer is written, but of which it takes nothing.
std::unique_ptr<Client> deaf_client(Loopback& loopback) {
  auto client = std::make_unique<Client>(loopback.port, kSmallBuffer);
  client->send(kAsk);
  EXPECT_TRUE(client->readable(kPatience));
  loopback.on_thread([] {});  // the server has turned to other things
  return client;
}

// The client's side ends once its answer is written; it has taken nothing of it.
void ask_and_end(Client& client, std::string_view request) {
  client.send(request);
  EXPECT_TRUE(client.readable(kPatience));
  client.finish_sending();
}

// One of a client that would keep its connection, and one of a client that would not.
constexpr std::array kRequests{kAsk, std::string_view("GET /answer HTTP/1.0\r\n\r\n")};

TEST(ServerUntaken, AnswersCountUntilTheClientTakesThem) {
  const auto options = with_memory();
  Loopback loopback(options, answers());
  const auto client = deaf_client(loopback);
  EXPECT_TRUE(eventually([&] { return options.memory->used() > kAnswer / 2; }));
  client->send("\r\n");  // no request
  loopback.on_thread([] {});
  EXPECT_GT(options.memory->used(), kAnswer / 2);
  EXPECT_THAT(client->response(), EndsWith("x"));
  EXPECT_TRUE(eventually([&] { return options.memory->used() == 0; }));
  EXPECT_THAT(client->ask("/echo"), EndsWith("/echo")) << "it is idle as any other";
}

TEST(ServerUntaken, AnswersTogetherAreBounded) {
  const auto options = with_memory(std::size_t{1} << 20);
  Loopback loopback(options, answers());
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 200; ++i) clients.push_back(deaf_client(loopback));  // more than 2 MB
  EXPECT_TRUE(eventually([&] { return loopback.metrics.value(observability::Counter::http_closed_for_memory) >= 80; }));
  EXPECT_TRUE(eventually([&] { return options.memory->used() <= options.memory->limit(); }));
  EXPECT_THAT(Client(loopback.port).ask("/echo"), EndsWith("/echo"));
}

TEST(ServerUntaken, AnswersAreGivenUpWhenTheClientTakesNoneForLong) {
  const auto options = with_memory();
  Loopback loopback(options, answers());
  const auto client = deaf_client(loopback);
  EXPECT_TRUE(eventually([&] {
    loopback.clock.advance(5s);
    return loopback.server().open_connections() == 0;
  }));
  EXPECT_THAT(client->everything(), EndsWith("<reset>")) << "so the kernel has forgotten them";
}

// Without the limit of memory nobody looks for them before the connection has been idle for its time.
TEST(ServerUntaken, AnswersAreNotLeftToTheKernelByAnIdleConnection) {
  Loopback loopback({}, answers());
  const auto client = deaf_client(loopback);
  EXPECT_TRUE(eventually([&] {
    loopback.clock.advance(5s);
    return loopback.server().open_connections() == 0;
  }));
  EXPECT_THAT(client->everything(), EndsWith("<reset>"));
}

TEST(ServerUntaken, AnswersOfAClientThatHasEndedItsSideAreNotLeftToTheKernel) {
  for (const std::string_view request : kRequests) {
    Loopback loopback({}, answers());
    Client client(loopback.port, kSmallBuffer);
    ask_and_end(client, request);
    EXPECT_TRUE(eventually([&] {
      loopback.clock.advance(5s);
      return loopback.server().open_connections() == 0;
    }));
    EXPECT_THAT(client.everything(), EndsWith("<reset>"));
  }
}

// After a reset that follows the end of the client's stream, a read still tells that end only.
TEST(ServerUntaken, AnswersOfAClientThatResetsAfterItsEndAreForgottenAtOnce) {
  for (int i = 0; i < 20; ++i) {
    Loopback loopback({}, answers());
    auto client = deaf_client(loopback);
    client->finish_sending();
    for (int turns = 0; turns < 3; ++turns) loopback.on_thread([] {});
    client.reset();  // with an unread answer: the kernel sends a reset
    ASSERT_TRUE(eventually([&] {
      if (!kWaitsForEdges) loopback.clock.advance(ServerOptions().linger_timeout);  // it notices a reset only then
      return loopback.server().open_connections() == 0;
    })) << "with edges, the clock stands still";
  }
}

TEST(ServerUntaken, AnswersReachAClientThatHasEndedItsSide) {
  for (const std::string_view request : kRequests) {
    Loopback loopback({}, answers());
    Client client(loopback.port, kSmallBuffer);
    ask_and_end(client, request);
    loopback.on_thread([] {});
    EXPECT_EQ(client.response().substr(0, 12), "HTTP/1.1 200");
    EXPECT_EQ(client.everything(), "");
    EXPECT_TRUE(eventually([&] {
      loopback.clock.advance(100ms);
      return loopback.server().open_connections() == 0;
    }));
  }
}

// Both sides have ended, and the kernel has handed over the last byte: nothing is left to wait for.
TEST(ServerUntaken, AnswersTakenAfterTheClientsEndCloseTheConnectionWhileTheClockStandsStill) {
  for (const std::string_view request : kRequests) {
    Loopback loopback({}, answers());
    Client client(loopback.port, kSmallBuffer);
    ask_and_end(client, request);
    for (int turns = 0; turns < 3; ++turns) loopback.on_thread([] {});  // the server has read the end
    EXPECT_EQ(client.response().substr(0, 12), "HTTP/1.1 200");
    EXPECT_EQ(client.everything(), "");
    EXPECT_TRUE(loopback.all_closed());
  }
}

// The answers before the one that nobody waits for any more.
TEST(ServerUntaken, AnswersBeforeADroppedRequestReachTheClient) {
  Loopback loopback({}, answers());
  Client client(loopback.port, kSmallBuffer);
  client.send(cat(kAsk, "GET /later HTTP/1.1\r\nHost: a\r\n\r\n"));
  loopback.wait_for_later(1);
  client.finish_sending();
  EXPECT_TRUE(eventually([&] {
    bool gone = false;
    loopback.on_thread([&] { gone = loopback.later[0].gone_now(); });
    return gone;
  }));
  loopback.on_thread([&] { loopback.later.clear(); });
  EXPECT_THAT(client.response(), EndsWith("x"));
  EXPECT_EQ(client.everything(), "");
}

TEST(ServerUntaken, AnswersOnTheirWayAreNotCutForANewClient) {
  auto options = with_memory();
  options.max_connections = 1;
  Loopback loopback(options, answers());
  const auto first = deaf_client(loopback);
  EXPECT_THAT(Client(loopback.port).ask("/echo"), StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(first->response(), EndsWith("x"));
  const auto second = deaf_client(loopback);
  EXPECT_TRUE(eventually([&] {
    loopback.clock.advance(500ms);  // twice is longer than an answer is on its way
    return Client(loopback.port).ask("/echo").starts_with("HTTP/1.1 200 ");
  }));
  EXPECT_THAT(second->everything(), EndsWith("<reset>"));
}

// Asks as a new client, which gets an answer, or is refused because there is no place.
bool finds_a_place(Loopback& loopback) {
  const std::string answer = Client(loopback.port).ask("/echo");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 ")) << "it is answered in any case";
  return answer.starts_with("HTTP/1.1 200 ");
}

ServerOptions with_places(std::size_t places) {
  ServerOptions options;
  options.max_connections = places;
  return options;
}

// A second is the time after which answers are not on their way any more.
TEST(ServerUntaken, AnswersThatASlowClientTakesAreNotCut) {
  Loopback loopback(with_places(1), answers());
  const auto slow = deaf_client(loopback);
  EXPECT_FALSE(finds_a_place(loopback));
  const std::string begin = slow->bytes(kAnswer / 2);
  EXPECT_THAT(begin, StartsWith("HTTP/1.1 200 "));
  loopback.clock.advance(1s);
  finds_a_place(loopback);
  EXPECT_EQ(slow->bytes(kAnswer / 2), std::string(kAnswer / 2, 'x'));
}

TEST(ServerUntaken, AnswersThatAreTakenEndWithoutAReset) {
  Loopback loopback(with_places(1), answers());
  const auto client = deaf_client(loopback);
  EXPECT_FALSE(finds_a_place(loopback));
  EXPECT_THAT(client->response(), EndsWith("x"));
  EXPECT_TRUE(eventually([&] {
    loopback.clock.advance(1s);
    return finds_a_place(loopback);
  }));
  EXPECT_EQ(client->everything(), "");
}

TEST(ServerUntaken, AnswersThatStandStillGiveWayBeforeIdleClients) {
  auto options = with_memory();
  options.max_connections = 2;
  Loopback loopback(options, answers());
  Client idle(loopback.port);
  EXPECT_THAT(idle.ask("/echo"), EndsWith("/echo"));
  const auto deaf = deaf_client(loopback);
  EXPECT_TRUE(eventually([&] { return options.memory->used() > 0; }));  // it has been found
  loopback.clock.advance(3s);
  EXPECT_TRUE(finds_a_place(loopback));
  EXPECT_THAT(deaf->everything(), EndsWith("<reset>"));
  EXPECT_THAT(idle.ask("/echo"), EndsWith("/echo"));
}

// Eight is the limit of looks for one new client.
TEST(ServerUntaken, AnswersOfManyDoNotHideAnIdleClient) {
  Loopback loopback(with_places(9), answers());
  std::vector<std::unique_ptr<Client>> deaf;
  for (int i = 0; i < 8; ++i) deaf.push_back(deaf_client(loopback));
  Client idle(loopback.port);
  EXPECT_THAT(idle.ask("/echo"), EndsWith("/echo"));
  EXPECT_TRUE(finds_a_place(loopback));
  for (const auto& client : deaf) EXPECT_THAT(client->response(), EndsWith("x"));
}

// A server with one place, which a client holds that has ended its side and takes nothing of its answer.
struct HalfClosed {
  HalfClosed() {
    client.send(kAsk);
    EXPECT_TRUE(client.readable(kPatience));
    client.finish_sending();
  }
  static ServerOptions options() {
    auto options = with_places(1);
    options.write_stall_timeout = std::chrono::hours(1);
    return options;
  }

  Loopback loopback{options(), answers()};
  Client client{loopback.port, kSmallBuffer};
};

TEST(ServerUntaken, AnswersOfAClientThatHasEndedItsSideGiveWay) {
  HalfClosed half_closed;
  auto& [loopback, client] = half_closed;
  EXPECT_TRUE(eventually([&] {
    loopback.clock.advance(1s);
    return finds_a_place(loopback);
  }));
  EXPECT_THAT(client.everything(), EndsWith("<reset>"));
}

TEST(ServerUntaken, AnswersOfAClientThatHasEndedItsSideAreWaitedForAtADrain) {
  HalfClosed half_closed;
  auto& [loopback, client] = half_closed;
  loopback.on_thread([] {});
  loopback.clock.advance(ServerOptions().linger_timeout);
  loopback.on_thread([&] { loopback.server().drain(); });
  EXPECT_EQ(loopback.server().open_connections(), 1U);
  EXPECT_THAT(client.everything(), EndsWith("x"));
}

// Twenty clients in four ticks of 250 ms: forty looks take at least seven pauses between ticks.
TEST(ServerUntaken, AnswersAreLookedAtOnceASecond) {
  Loopback loopback(with_memory(), answers());
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 20; ++i) clients.push_back(deaf_client(loopback));
  const auto looks = [] { return looks_at_memory.load(); };
  const int found = looks();
  EXPECT_TRUE(eventually([&] { return looks() >= found + 20; }));  // all are found by now
  const int before = looks();
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_TRUE(eventually([&] { return looks() >= before + 40; }));
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 1500ms);
}

}  // namespace
}  // namespace wx::http_server
