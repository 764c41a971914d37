// Deadlines, limits and shutdown of the server.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/resource.h>

#include "http_server/head_parser.hpp"
#include "loopback.hpp"

namespace wx::http_server {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// Advances the server's clock until the client has something to read. The server checks deadlines every 250 ms.
bool advance_until_readable(Loopback& loopback, const Client& client, nanoseconds step) {
  return eventually([&] {
    loopback.clock.advance(step);
    return client.readable(20ms);
  });
}

TEST(ServerDeadlines, GiveAHeadAnAbsoluteTime) {
  Loopback loopback;
  Client client(loopback.port);
  client.send("GET /echo HTTP/1.1\r\nHost: a\r\nA: ");
  // Single bytes do not extend the deadline.
  EXPECT_TRUE(eventually([&] {
    client.send("x");
    loopback.clock.advance(2s);
    return client.readable(20ms);
  }));
  EXPECT_THAT(client.everything(), AllOf(StartsWith("HTTP/1.1 408 "), HasSubstr("Connection: close")));
  EXPECT_EQ(loopback.seen, 0);
}

TEST(ServerDeadlines, CloseIdleConnectionsWithoutAWord) {
  Loopback loopback;
  Client silent(loopback.port);
  EXPECT_TRUE(advance_until_readable(loopback, silent, 30s));
  EXPECT_EQ(silent.everything(), "");
  Client served(loopback.port);
  EXPECT_THAT(served.ask("/echo"), EndsWith("/echo"));
  EXPECT_TRUE(advance_until_readable(loopback, served, 30s));
  EXPECT_EQ(served.everything(), "");
  EXPECT_TRUE(loopback.all_closed());
}

// RFC 9112 §2.2: empty lines before a request are ignored. They are not the beginning of one.
TEST(ServerDeadlines, AreNotStartedByEmptyLines) {
  for (const std::string_view lines : {"\r\n", "\r\n\r\n", "\r", "\r\n\r"}) {
    Loopback loopback;
    Client client(loopback.port);
    EXPECT_THAT(client.ask("/echo?1"), EndsWith("/echo?1"));
    client.send(lines);
    loopback.on_thread([] {});  // the loop has handled it
    loopback.clock.advance(ServerOptions().request_timeout + 1s);
    EXPECT_FALSE(client.readable(600ms)) << lines.size();  // longer than two checks of the deadlines
    if (lines.ends_with('\r')) client.send("\n");
    EXPECT_THAT(client.ask("/echo?2"), AllOf(StartsWith("HTTP/1.1 200 "), EndsWith("/echo?2")));
    client.send(lines);
    EXPECT_TRUE(advance_until_readable(loopback, client, 30s));
    EXPECT_EQ(client.everything(), "");
  }
}

TEST(ServerLimits, DoNotCountEmptyLinesForAHead) {
  Loopback loopback;
  for (const int lines : {12'288, 12'200, 30'000, 100'000}) {  // 12,288 are as long as the longest head
    std::string bytes;
    for (int i = 0; i < lines; ++i) bytes += "\r\n";
    bytes += cat("GET /echo?", std::string(1000, 'a'), " HTTP/1.1\r\nHost: a\r\n\r\n");
    Client client(loopback.port);
    client.send(bytes);
    EXPECT_THAT(client.response(), AllOf(StartsWith("HTTP/1.1 200 "), EndsWith("aaa"))) << lines;
    EXPECT_THAT(client.ask("/echo"), EndsWith("/echo"));
  }
}

TEST(ServerLimits, EndAConnectionThatSendsNothingButEmptyLines) {
  Loopback loopback;
  Client client(loopback.port);
  EXPECT_THAT(client.ask("/echo"), EndsWith("/echo"));
  std::string lines;
  for (int i = 0; i < 10'000; ++i) lines += "\r\n";
  int sent = 0;
  while (sent < 1000 && client.send(lines)) ++sent;  // up to 20 MB
  EXPECT_LT(sent, 1000);
  EXPECT_THAT(client.everything(), ::testing::AnyOf("", "<reset>"));
  EXPECT_TRUE(loopback.all_closed());
}

TEST(ServerDeadlines, AreNotProlongedByEmptyLines) {
  Loopback loopback;
  Client client(loopback.port);
  EXPECT_TRUE(eventually([&] {
    client.send("\r\n");
    loopback.clock.advance(2s);
    return client.readable(20ms);
  }));
  EXPECT_THAT(client.everything(), ::testing::AnyOf("", "<reset>"));
}

TEST(ServerDeadlines, TellNoBodyToAHeadRequest) {
  Loopback loopback;
  Client client(loopback.port);
  client.send("HEAD /echo HT");
  EXPECT_TRUE(advance_until_readable(loopback, client, 2s));
  EXPECT_THAT(client.everything(), AllOf(StartsWith("HTTP/1.1 408 "), EndsWith("\r\n\r\n")));
}

TEST(ServerDeadlines, DoNotApplyWhileAHandlerIsAtWork) {
  Loopback loopback;
  Client client(loopback.port);
  client.send("GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
  loopback.wait_for_later(1);
  loopback.clock.advance(1h);
  EXPECT_FALSE(client.readable(600ms));
  loopback.on_thread([&] { loopback.later[0].respond(200, "", {"at last"}); });
  EXPECT_THAT(client.response(), EndsWith("at last"));
}

// The same large answer as a text that is copied, at "/copied", and as a Body that is sent by reference, at "/shared".
std::vector<Route> large_answer(std::size_t size) {
  std::vector<Route> routes;
  const auto add = [&](std::string path, const auto& body) {
    auto answer = [body](Exchange& exchange) { exchange.respond(200, "", {body, "end"}); };
    routes.push_back({std::move(path), Route::Match::exact, {{Method::get, std::move(answer)}}});
  };
  add("/copied", std::string(size, 'x'));
  add("/shared", Body(std::string(size, 'x')));
  return routes;
}

TEST(ServerDeadlines, CloseOnAClientThatDoesNotTakeItsAnswer) {
  Loopback loopback({}, large_answer(50'000'000));
  Client client(loopback.port);
  client.send("GET /copied HTTP/1.1\r\nHost: a\r\n\r\n");
  Client other(loopback.port);
  other.send("GET /shared HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(client.readable(kPatience));
  EXPECT_TRUE(other.readable(kPatience));
  EXPECT_TRUE(eventually([&] {
    loopback.clock.advance(5s);
    return loopback.server().open_connections() == 0;
  }));
}

TEST(Server, DeliversAnAnswerLargerThanTheSocketsBuffers) {
  Loopback loopback({}, large_answer(20'000'000));
  for (const std::string_view path : {"/copied", "/shared"}) {
    Client client(loopback.port);
    client.send(cat("GET ", path, " HTTP/1.1\r\nHost: a\r\n\r\nGET /echo HTTP/1.1\r\nHost: a\r\n\r\n"));
    const std::string answer = client.response();
    EXPECT_GT(answer.size(), 20'000'000U);
    EXPECT_TRUE(answer.ends_with("xend"));
    EXPECT_THAT(client.response(), EndsWith("/echo"));
    client.send(cat("HEAD ", path, " HTTP/1.1\r\nHost: a\r\n\r\n"));
    EXPECT_THAT(client.response(true), AllOf(HasSubstr("Content-Length: 20000003\r\n"), EndsWith("\r\n\r\n")));
    EXPECT_THAT(client.ask("/echo"), EndsWith("/echo"));
  }
}

TEST(Server, StoresNoAnswersForAClientThatOnlyAsks) {
  std::atomic<int> handled{0};
  std::vector<Route> routes;
  routes.push_back({"/count", Route::Match::exact, {{Method::get, [&handled](Exchange& exchange) {
                                                       ++handled;
                                                       exchange.respond(200, "", {std::string(100'000, 'x'), "end"});
                                                     }}}});
  Loopback loopback({}, std::move(routes));
  Client client(loopback.port);
  std::string requests;
  for (int i = 0; i < 2000; ++i) requests += "GET /count HTTP/1.1\r\nHost: a\r\n\r\n";
  client.send(requests);
  // The sockets' buffers take a few megabytes. Then the server waits for the client to read, and only answers others:
  // it lets them in between the answers to a pipeline, so it would have answered that too.
  Client other(loopback.port);
  int before = 0;
  int others = 0;
  EXPECT_TRUE(eventually([&] {
    EXPECT_THAT(other.ask("/echo"), EndsWith("/echo"));
    others = std::exchange(before, handled) == handled && handled > 0 ? others + 1 : 0;
    return others >= 20;
  }));
  EXPECT_LT(handled, 1000);
  for (int i = 0; i < 2000; ++i) ASSERT_TRUE(client.response().ends_with("xend"));
}

TEST(Server, LetsOthersInBetweenTheAnswersToAPipeline) {
  std::vector<std::string> order;  // belongs to the server's thread
  std::vector<Route> routes;
  routes.push_back({"/page", Route::Match::exact, {{Method::get, [&order](Exchange& exchange) {
                                                      order.emplace_back(exchange.request().target());
                                                      exchange.respond(200, "", {std::string(40'000, 'x')});
                                                    }}}});
  Loopback loopback({}, std::move(routes));
  Client greedy(loopback.port);
  Client modest(loopback.port);
  EXPECT_THAT(greedy.ask("/page?greedy"), EndsWith("x"));
  EXPECT_THAT(modest.ask("/page?modest"), EndsWith("x"));
  std::string requests;
  for (int i = 0; i < 30; ++i) requests += "GET /page?greedy HTTP/1.1\r\nHost: a\r\n\r\n";
  loopback.on_thread([&] {  // the server's thread is busy here, so it finds all requests at once
    order.clear();
    greedy.send(requests);
    modest.send("GET /page?modest HTTP/1.1\r\nHost: a\r\n\r\n");
  });
  EXPECT_THAT(modest.response(), EndsWith("x"));
  for (int i = 0; i < 30; ++i) EXPECT_THAT(greedy.response(), EndsWith("x"));
  loopback.on_thread([&] {
    const auto at = std::ranges::find(order, "/page?modest") - order.begin();
    EXPECT_LE(at, 5) << "of " << order.size();
  });
}

TEST(Server, SurvivesClientsThatGoAway) {
  Loopback loopback({}, large_answer(5'000'000));
  Client waiting(loopback.port);
  waiting.send("GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
  loopback.wait_for_later(1);
  waiting.reset();
  for (const std::string_view path : {"/copied", "/shared"}) {
    Client taking(loopback.port);
    taking.send(cat("GET ", path, " HTTP/1.1\r\nHost: a\r\n\r\n"));
    EXPECT_TRUE(taking.readable(kPatience));
    taking.reset();
  }
  Client half(loopback.port);
  half.send("GET /echo HT");
  half.close();
  loopback.on_thread([&] {
    EXPECT_EQ(loopback.later[0].request().path(), "/later");
    loopback.later[0].respond(200, "", {"nobody hears"});
  });
  EXPECT_TRUE(loopback.all_closed());
  Client next(loopback.port);
  EXPECT_THAT(next.ask("/echo"), EndsWith("/echo"));
}

// --- Clients that go while their answer is outstanding ---

// Defers, and keeps the flag that tells whether the client has gone.
struct Waiting {
  std::vector<Responder> responders;  // both belong to the server's thread
  std::vector<std::shared_ptr<const std::atomic<bool>>> gone;

  [[nodiscard]] std::vector<Route> routes() {
    std::vector<Route> routes;
    routes.push_back({.path = "/wait", .methods = {{Method::get, [this](Exchange& exchange) {
                                                      responders.push_back(exchange.defer());
                                                      gone.push_back(responders.back().gone());
                                                    }}}});
    return routes;
  }
  void wait_for(Loopback& loopback, std::size_t count) {
    EXPECT_TRUE(eventually([&] {
      std::size_t now = 0;
      loopback.on_thread([&] { now = gone.size(); });
      return now == count;
    }));
  }
};

constexpr std::string_view kWait = "GET /wait HTTP/1.1\r\nHost: a\r\n\r\n";

TEST(ServerClients, AreNoticedWhenTheyGoBeforeTheirAnswer) {
  Waiting waiting;
  Loopback loopback({}, waiting.routes());
  Client staying(loopback.port);
  Client closing(loopback.port);
  Client resetting(loopback.port);
  Client piping(loopback.port);
  staying.send(kWait);
  waiting.wait_for(loopback, 1);
  closing.send(kWait);
  waiting.wait_for(loopback, 2);
  resetting.send(kWait);
  waiting.wait_for(loopback, 3);
  piping.send(cat(kWait, "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n"));
  waiting.wait_for(loopback, 4);
  for (const auto& gone : waiting.gone) EXPECT_FALSE(*gone);
  closing.close();
  resetting.reset();
  // The end lies behind a request that is not read yet, and behind one that arrives only now.
  piping.send("GET /echo HTTP/1.1\r\nHost: a\r\n\r\n");
  piping.close();
  for (const auto i : {1UZ, 2UZ, 3UZ}) EXPECT_TRUE(eventually([&] { return waiting.gone[i]->load(); })) << i;
  EXPECT_FALSE(*waiting.gone[0]);
  EXPECT_EQ(loopback.metrics.value(observability::Counter::http_clients_gone), 3U);
  EXPECT_TRUE(eventually([&] { return loopback.server().open_connections() == 3; })) << "the reset one is closed";
  loopback.on_thread([&] {
    for (auto& responder : waiting.responders) responder.respond(200, "", {"answer"});
  });
  EXPECT_THAT(staying.response(), EndsWith("answer"));
  staying.close();
  EXPECT_TRUE(loopback.all_closed());
}

TEST(ServerClients, ThatHaveOnlyEndedTheirSideGetTheirAnswer) {
  Waiting waiting;
  Loopback loopback({}, waiting.routes());
  Client together(loopback.port);
  loopback.on_thread([&] {  // the server's thread is busy here, so it finds the request and the end at once
    together.send(kWait);
    together.finish_sending();
  });
  waiting.wait_for(loopback, 1);
  EXPECT_TRUE(eventually([&] { return waiting.gone[0]->load(); }));
  Client later(loopback.port);
  later.send(kWait);
  waiting.wait_for(loopback, 2);
  later.finish_sending();
  EXPECT_TRUE(eventually([&] { return waiting.gone[1]->load(); }));
  loopback.on_thread([&] {
    for (auto& responder : waiting.responders) responder.respond(200, "", {"answer"});
  });
  EXPECT_THAT(together.everything(), EndsWith("answer"));
  EXPECT_THAT(later.everything(), EndsWith("answer"));
}

TEST(ServerClients, ThatHaveGoneMayBeLeftWithoutAnAnswer) {
  Waiting waiting;
  Loopback loopback({}, waiting.routes());
  Client client(loopback.port);
  client.send(kWait);
  waiting.wait_for(loopback, 1);
  client.finish_sending();
  EXPECT_TRUE(eventually([&] { return waiting.gone[0]->load(); }));
  loopback.on_thread([&] { waiting.responders.clear(); });
  EXPECT_EQ(client.everything(), "");
  EXPECT_TRUE(loopback.all_closed());
  EXPECT_FALSE(loopback.log.contains("never answered"));
}

TEST(ServerClients, ThatSendOnWhileTheyWaitAreServedInOrder) {
  Waiting waiting;
  Loopback loopback({}, waiting.routes());
  Client client(loopback.port);
  client.send(kWait);
  waiting.wait_for(loopback, 1);
  for (int i = 0; i < 5; ++i) {
    client.send(cat("GET /echo?", i, " HTTP/1.1\r\nHost: a\r\n\r\n"));
    loopback.on_thread([] {});
  }
  loopback.on_thread([&] { waiting.responders[0].respond(200, "", {"first"}); });
  EXPECT_THAT(client.response(), EndsWith("first"));
  for (int i = 0; i < 5; ++i) EXPECT_THAT(client.response(), EndsWith(cat("/echo?", i)));
  EXPECT_THAT(client.ask("/echo?last"), EndsWith("/echo?last"));
}

// --- Memory ---

TEST(ServerMemory, IsCountedWhileAClientWaitsAndNotBetweenRequests) {
  ServerOptions options;
  options.memory = std::make_shared<ConnectionMemory>(std::size_t{1} << 30);
  Loopback loopback(options, large_answer(5'000'000));
  Client client(loopback.port, 64 * 1024);  // fewer bytes than an answer, however fast it reads
  EXPECT_THAT(client.ask("/echo"), EndsWith("/echo"));
  EXPECT_EQ(options.memory->used(), 0U);
  client.send("GET /echo HTTP/1.1\r\nHost: a\r\nX: ");
  EXPECT_TRUE(eventually([&] { return options.memory->used() > 0; })) << "an unfinished head";
  client.send("y\r\n\r\nGET /later HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(client.response(), EndsWith("/echo"));
  loopback.wait_for_later(1);
  EXPECT_TRUE(eventually([&] { return options.memory->used() > 2048; })) << "a request that waits for its answer";
  loopback.on_thread([&] { loopback.later[0].respond(200, "", {"done"}); });
  EXPECT_THAT(client.response(), EndsWith("done"));
  EXPECT_TRUE(eventually([&] { return options.memory->used() == 0; }));

  client.send("GET /copied HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(eventually([&] { return options.memory->used() > 1'000'000; })) << "an answer that is not taken";
  EXPECT_EQ(client.response().size() > 5'000'000, true);
  EXPECT_TRUE(eventually([&] { return options.memory->used() == 0; }));
  client.send("GET /shared HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(eventually([&] { return options.memory->used() > 0; }));
  EXPECT_LT(options.memory->used(), 4'000'000U) << "the body is shared; the kernel's part counts";
  client.reset();
  EXPECT_TRUE(eventually([&] { return options.memory->used() == 0; }));
}

// The values of a repeated field are joined when a handler asks for them, and stay until the answer.
TEST(ServerMemory, OfARequestCountsWhatWasMadeOfIt) {
  const auto with_joined = [](bool joins) {
    ServerOptions options;
    options.memory = std::make_shared<ConnectionMemory>(std::size_t{1} << 30);
    std::vector<Responder> responders;
    std::vector<Route> routes;
    routes.push_back({.path = "/fields", .methods = {{Method::get, [&](Exchange& exchange) {
                                                        if (joins) (void)exchange.request().field(Field::accept);
                                                        responders.push_back(exchange.defer());
                                                      }}}});
    Loopback loopback(options, std::move(routes));
    Client client(loopback.port);
    const std::string accept = cat("Accept: ", std::string(10'000, 'a'), "\r\n");
    client.send(cat("GET /fields HTTP/1.1\r\nHost: a\r\n", accept, accept, "\r\n"));
    EXPECT_TRUE(eventually([&] {
      bool there = false;
      loopback.on_thread([&] { there = !responders.empty(); });
      return there;
    }));
    std::size_t used = 0;
    loopback.on_thread([&] { used = options.memory->used(); });
    loopback.on_thread([&] { responders.clear(); });
    return used;
  };
  EXPECT_GE(with_joined(true), with_joined(false) + 15'000) << "the kernel's own part changes by less than 5 kB";
}

// A client that asks for a large answer, and has its beginning but takes nothing.
std::unique_ptr<Client> greedy_client(std::uint16_t port) {
  auto client = std::make_unique<Client>(port);
  client->send("GET /copied HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(client->readable(kPatience));
  return client;
}

TEST(ServerMemory, OfAllConnectionsIsBoundedByClosingTheWorst) {
  ServerOptions options;
  options.memory = std::make_shared<ConnectionMemory>(std::size_t{4} << 20);
  Loopback loopback(options, large_answer(1'000'000));
  Client waiting(loopback.port);
  waiting.send("GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
  loopback.wait_for_later(1);
  std::vector<std::unique_ptr<Client>> greedy;
  for (int i = 0; i < 40; ++i) {
    greedy.push_back(greedy_client(loopback.port));
    EXPECT_THAT(Client(loopback.port).ask("/echo"), EndsWith("/echo"));
  }
  EXPECT_TRUE(eventually([&] { return options.memory->used() <= options.memory->limit(); }));
  EXPECT_GT(loopback.metrics.value(observability::Counter::http_closed_for_memory), 20U);
  EXPECT_EQ(loopback.log.count("slow clients hold too much memory"), 1);
  // The one that holds little is left alone.
  loopback.on_thread([&] { loopback.later[0].respond(200, "", {"kept"}); });
  EXPECT_THAT(waiting.response(), EndsWith("kept"));
}

TEST(ServerMemory, IsTakenFromTheServerThatHoldsTheMost) {
  ServerOptions options;
  options.memory = std::make_shared<ConnectionMemory>(std::size_t{4} << 20);
  Loopback greedy(options, large_answer(1'500'000));
  Loopback modest(options, large_answer(100'000));
  Client small(modest.port);
  small.send("GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
  modest.wait_for_later(1);
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 10; ++i) clients.push_back(greedy_client(greedy.port));
  EXPECT_TRUE(eventually([&] { return greedy.metrics.value(observability::Counter::http_closed_for_memory) > 0; }));
  EXPECT_TRUE(eventually([&] { return options.memory->used() <= options.memory->limit(); }));
  EXPECT_EQ(modest.metrics.value(observability::Counter::http_closed_for_memory), 0U);
  EXPECT_EQ(modest.server().open_connections(), 1U);
}

// The kernel would keep the rest of the answer for minutes after close().
TEST(ServerMemory, OfAnAnswerThatIsNotTakenIsFreedInTheKernel) {
  Loopback loopback({}, large_answer(50'000'000));
  Client client(loopback.port);
  client.send("GET /shared HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(client.readable(kPatience));
  EXPECT_TRUE(eventually([&] {
    loopback.clock.advance(5s);
    return loopback.server().open_connections() == 0;
  }));
  EXPECT_TRUE(client.everything().ends_with("<reset>"));
}

// One answer at a time for a client that does not take them.
TEST(ServerMemory, HoldsOneAnswerForAClientThatPipelinesAndDoesNotRead) {
  std::atomic<int> handled{0};
  std::vector<Route> routes;
  routes.push_back({.path = "/page", .methods = {{Method::get, [&handled](Exchange& exchange) {
                                                    ++handled;
                                                    exchange.respond(200, "", {std::string(20'000, 'x')});
                                                  }}}});
  ServerOptions options;
  options.memory = std::make_shared<ConnectionMemory>(std::size_t{1} << 30);
  Loopback loopback(options, std::move(routes));
  Client client(loopback.port, 2048);
  std::string requests;
  for (int i = 0; i < 500; ++i) requests += "GET /page HTTP/1.1\r\nHost: a\r\n\r\n";
  client.send(requests);
  EXPECT_TRUE(client.readable(kPatience));
  // The server lets others in between the answers to a pipeline, so it would have made more by then.
  Client other(loopback.port);
  for (int i = 0; i < 50; ++i) EXPECT_THAT(other.ask("/echo"), EndsWith("/echo"));
  EXPECT_EQ(handled, 1);
  // The answer, the block with the requests, and what the kernel holds of the answer with its own bookkeeping.
  EXPECT_LE(options.memory->used(), 20'000U + kMaxHead + std::size_t{2} * 20'000);
  for (int i = 0; i < 500; ++i) ASSERT_TRUE(client.response().ends_with("x")) << i;
  EXPECT_TRUE(eventually([&] { return options.memory->used() == 0; }));
}

// --- Too many connections ---

// Sends a request whose answer is outstanding from then on, so the connection is not idle.
void keep_busy(Loopback& loopback, Client& client) {
  std::size_t before = 0;
  loopback.on_thread([&] { before = loopback.later.size(); });
  client.send("GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
  loopback.wait_for_later(before + 1);
}

TEST(ServerLimits, RefuseAConnectionAboveTheLimitAndTakeTheNextOneWhenThereIsRoom) {
  ServerOptions options;
  options.max_connections = 2;
  Loopback loopback(options);
  Client first(loopback.port);
  Client second(loopback.port);
  keep_busy(loopback, first);
  keep_busy(loopback, second);
  Client third(loopback.port);
  third.send("GET /echo HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(third.everything(), AllOf(StartsWith("HTTP/1.1 503 "), HasSubstr("Connection: close")));
  EXPECT_EQ(loopback.metrics.value(observability::Counter::http_connections_refused), 1U);
  EXPECT_TRUE(loopback.log.contains("new connections are refused"));
  EXPECT_EQ(loopback.seen, 2);
  third.close();
  first.reset();
  EXPECT_TRUE(eventually([&] { return loopback.server().open_connections() == 1; }));
  Client fourth(loopback.port);
  EXPECT_THAT(fourth.ask("/echo"), StartsWith("HTTP/1.1 200 "));
  EXPECT_TRUE(loopback.log.contains("new connections are accepted again"));
}

TEST(ServerLimits, AreSharedWithABudget) {
  ServerOptions options;
  options.budget = std::make_shared<ConnectionBudget>(1);
  Loopback one(options);
  Loopback other(options);
  Client first(one.port);
  keep_busy(one, first);
  Client second(other.port);
  EXPECT_THAT(second.ask("/echo"), StartsWith("HTTP/1.1 503 "));
  EXPECT_EQ(options.budget->open(), 1U);
  first.reset();
  EXPECT_TRUE(eventually([&] { return options.budget->open() == 0; }));
}

// RFC 9112 §9.5: a server may close an idle connection at any time.
TEST(ServerLimits, CloseTheLongestIdleConnectionInFavourOfANewOne) {
  ServerOptions options;
  options.max_connections = 3;
  Loopback loopback(options);
  Client silent(loopback.port);
  EXPECT_TRUE(eventually([&] { return loopback.server().open_connections() == 1; }));
  Client busy(loopback.port);
  keep_busy(loopback, busy);
  Client served(loopback.port);
  EXPECT_THAT(served.ask("/echo"), EndsWith("/echo"));

  Client next(loopback.port);
  EXPECT_THAT(next.ask("/echo"), EndsWith("/echo"));
  EXPECT_EQ(silent.everything(), "");
  loopback.clock.advance(1ms);
  EXPECT_THAT(served.ask("/echo?again"), EndsWith("/echo?again")) << "idle, but not for as long";
  // Now `next` has been idle for longer than `served`.
  Client last(loopback.port);
  EXPECT_THAT(last.ask("/echo"), EndsWith("/echo"));
  EXPECT_EQ(next.everything(), "");
  EXPECT_EQ(loopback.metrics.value(observability::Counter::http_closed_for_place), 2U);
  EXPECT_EQ(loopback.metrics.value(observability::Counter::http_connections_refused), 0U);
  EXPECT_FALSE(loopback.log.contains("new connections are refused"));
  loopback.on_thread([&] { loopback.later[0].respond(200, "", {"still served"}); });
  EXPECT_THAT(busy.response(), EndsWith("still served"));
}

TEST(ServerLimits, ServeAClientWhoseRequestWasNotSeenYetInsteadOfClosingIt) {
  ServerOptions options;
  options.max_connections = 1;
  Loopback loopback(options);
  Client first(loopback.port);
  EXPECT_THAT(first.ask("/echo"), EndsWith("/echo"));
  std::unique_ptr<Client> next;
  loopback.on_thread([&] {  // the server's thread is busy here, so both wait in the kernel
    next = std::make_unique<Client>(loopback.port);
    next->send("GET /echo?next HTTP/1.1\r\nHost: a\r\n\r\n");
    first.send("GET /echo?unseen HTTP/1.1\r\nHost: a\r\n\r\n");
  });
  EXPECT_THAT(next->response(), EndsWith("/echo?next"));
  EXPECT_THAT(first.everything(), EndsWith("/echo?unseen"));
}

TEST(ServerLimits, FindAnIdleConnectionOfAnotherServerThatSharesTheBudget) {
  ServerOptions options;
  options.budget = std::make_shared<ConnectionBudget>(2);
  Loopback one(options);
  Loopback other(options);
  Loopback third(options);
  Client busy(one.port);
  keep_busy(one, busy);
  Client idle(third.port);
  EXPECT_THAT(idle.ask("/echo"), EndsWith("/echo"));
  Client next(other.port);
  EXPECT_THAT(next.ask("/echo"), EndsWith("/echo"));
  EXPECT_EQ(idle.everything(), "");
  EXPECT_EQ(options.budget->open(), 2U);
  EXPECT_FALSE(other.log.contains("new connections are refused"));
}

TEST(ServerLimits, ServeEveryNewClientBesideManyIdleConnections) {
  ServerOptions options;
  options.max_connections = 50;
  Loopback loopback(options);
  std::vector<std::unique_ptr<Client>> idle;
  for (int i = 0; i < 200; ++i) idle.push_back(std::make_unique<Client>(loopback.port));
  for (int i = 0; i < 100; ++i) {
    idle.push_back(std::make_unique<Client>(loopback.port));
    ASSERT_THAT(idle.back()->ask("/echo"), EndsWith("/echo")) << i;
  }
  EXPECT_LE(loopback.server().open_connections(), 50U);
}

// A route that is served above the limit, as the health checks are.
std::vector<Route> healthy() {
  std::vector<Route> routes;
  routes.push_back({.path = "/health",
                    .methods = {{Method::get, [](Exchange& exchange) { exchange.respond(200, "", {"well"}); }}},
                    .when_full = true});
  return routes;
}

TEST(ServerLimits, KeepPlacesForHealthChecksWhenNoConnectionIsIdle) {
  ServerOptions options;
  options.max_connections = 2;
  Loopback loopback(options, healthy());
  Client first(loopback.port);
  keep_busy(loopback, first);
  Client slow(loopback.port);
  slow.send("GET /echo HTT");
  EXPECT_TRUE(eventually([&] { return loopback.server().open_connections() == 2; }));
  EXPECT_THAT(Client(loopback.port).ask("/echo"), StartsWith("HTTP/1.1 503 "));
  for (int i = 0; i < 40; ++i) {  // more than there are places, one after the other
    Client check(loopback.port);
    check.send("GET /health HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_THAT(check.everything(),
                AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr("Connection: close"), EndsWith("well")));
  }
  // Clients that take these places and say nothing are the first to be closed.
  std::vector<std::unique_ptr<Client>> silent;
  for (int i = 0; i < 60; ++i) silent.push_back(std::make_unique<Client>(loopback.port));
  EXPECT_THAT(Client(loopback.port).ask("/health"), EndsWith("well"));
}

TEST(ServerLimits, WaitCalmlyForFileDescriptors) {
  Loopback loopback;
  Client client(loopback.port);
  EXPECT_THAT(client.ask("/echo"), EndsWith("/echo"));
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  // No descriptor is left above those in use, and the next client takes the last one below the limit.
  const int highest = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  ASSERT_GE(highest, 0);
  ::close(highest);
  rlimit none = before;
  none.rlim_cur = static_cast<rlim_t>(highest) + 1;
  // The undefined-behaviour sanitizer opens a pipe at its first check of a type. This makes it do so while descriptors
  // are left.
  EXPECT_FALSE(loopback.log.contains("out_of=file descriptors"));
  static_cast<observability::Log&>(loopback.log).warn("http_server", "about to run out of descriptors");
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  Client next(loopback.port);
  EXPECT_TRUE(next.connected());
  next.send("GET /echo HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(eventually([&] { return loopback.log.contains("out_of=file descriptors"); }));
  EXPECT_THAT(client.ask("/echo"), EndsWith("/echo"));
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_THAT(next.response(), EndsWith("/echo"));
}

// --- Ports ---

TEST(Server, SharesAPortWithServersOfTheSameProcess) {
  Loopback loopback;
  asio::io_context context;
  const auto executor = make_asio_executor(context);
  Router router({}, render_refusal);
  ServerOptions options;
  options.address = "127.0.0.1";
  options.port = loopback.port;
  Server second(context, *executor, router, options, loopback.clock, loopback.metrics, loopback.log);
  EXPECT_EQ(second.listen().value(), loopback.port);
}

TEST(ProbePort, NoticesAPortInUseAndSaysWhatToDo) {
  Loopback loopback;
  const auto probed = probe_port("127.0.0.1", loopback.port);
  ASSERT_FALSE(probed);
  EXPECT_EQ(probed.error().detail,
            cat("port ", loopback.port, " is in use; try PORT=", loopback.port == 65535 ? 8080 : loopback.port + 1));
  loopback.stop();
  EXPECT_TRUE(probe_port("127.0.0.1", loopback.port));
}

TEST(ProbePort, SaysWhatIsWrongWithAnAddress) {
  EXPECT_EQ(probe_port("localhost", 0).error().detail, "ADDRESS must be an IP address, not localhost");
  EXPECT_EQ(probe_port("192.0.2.1", 0).error().detail,
            "192.0.2.1 is not an address of this machine; try ADDRESS=0.0.0.0");
}

// --- Shutdown ---

TEST(ServerDrain, AnswersWhatRunsAndClosesTheRest) {
  std::atomic<int> drained{0};
  Loopback loopback;
  std::vector<std::unique_ptr<Client>> running;
  for (int i = 0; i < 100; ++i) {
    running.push_back(std::make_unique<Client>(loopback.port));
    running.back()->send("GET /later HTTP/1.1\r\nHost: a\r\n\r\nGET /echo HTTP/1.1\r\nHost: a\r\n\r\n");
  }
  Client idle(loopback.port);
  EXPECT_THAT(idle.ask("/echo"), EndsWith("/echo"));
  Client halfway(loopback.port);
  halfway.send("GET /echo?half HT");
  loopback.wait_for_later(100);
  EXPECT_TRUE(eventually([&] { return loopback.server().open_connections() == 102; }));

  loopback.on_thread([&] {
    loopback.server().on_drained([&drained] { ++drained; });
    loopback.server().drain();
    loopback.server().drain();
  });
  EXPECT_FALSE(Client(loopback.port).connected());
  EXPECT_EQ(idle.everything(), "");
  EXPECT_EQ(drained, 0);
  loopback.on_thread([&] {
    for (auto& responder : loopback.later) responder.respond(200, "", {"done"});
  });
  for (auto& client : running) {
    EXPECT_THAT(client->everything(), AllOf(HasSubstr("Connection: close\r\n"), EndsWith("done")));
    client->close();
  }
  halfway.send("TP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(halfway.everything(), AllOf(HasSubstr("Connection: close\r\n"), EndsWith("/echo?half")));
  halfway.close();
  EXPECT_TRUE(eventually([&] { return drained == 1; }));
  EXPECT_EQ(loopback.server().open_connections(), 0U);
}

TEST(ServerDrain, AnswersWhatHasArrivedButWasNotSeen) {
  Loopback loopback;
  Client idle(loopback.port);
  EXPECT_THAT(idle.ask("/echo"), EndsWith("/echo"));
  std::unique_ptr<Client> queued;
  loopback.on_thread([&] {  // the server's thread is busy here, so both requests wait in the kernel
    idle.send("GET /echo?unseen HTTP/1.1\r\nHost: a\r\n\r\n");
    queued = std::make_unique<Client>(loopback.port);
    queued->send("GET /echo?queued HTTP/1.1\r\nHost: a\r\n\r\n");
    loopback.server().drain();
  });
  EXPECT_THAT(idle.everything(), AllOf(HasSubstr("Connection: close\r\n"), EndsWith("/echo?unseen")));
  EXPECT_THAT(queued->everything(), AllOf(HasSubstr("Connection: close\r\n"), EndsWith("/echo?queued")));
}

TEST(ServerDrain, IsReportedByTheNextTickIfThatFailed) {
  std::promise<void> drained;
  Loopback loopback;
  Client client(loopback.port);
  client.send("GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
  loopback.wait_for_later(1);
  loopback.on_thread([&] {
    loopback.server().on_drained([&drained] { drained.set_value(); });
    loopback.server().drain();
    loopback.faulty_executor.fails_next = true;
    loopback.later[0].respond(200, "", {"last"});
  });
  EXPECT_THAT(client.everything(), ::testing::EndsWith("last"));
  client.close();
  EXPECT_EQ(drained.get_future().wait_for(kPatience), std::future_status::ready);
  EXPECT_EQ(loopback.log.count("reporting the end of the drain failed"), 1);
}

TEST(ServerDrain, IsDoneAtOnceWhenNobodyIsThere) {
  std::promise<void> drained;
  Loopback loopback;
  loopback.on_thread([&] {
    loopback.server().on_drained([&drained] { drained.set_value(); });
    loopback.server().drain();
  });
  EXPECT_EQ(drained.get_future().wait_for(kPatience), std::future_status::ready);
}

TEST(Server, ClosesEverythingAtOnceAndLeavesRespondersHarmless) {
  Loopback loopback;
  Client waiting(loopback.port);
  waiting.send("GET /later?x HTTP/1.1\r\nHost: a\r\n\r\n");
  Client idle(loopback.port);
  EXPECT_THAT(idle.ask("/echo"), EndsWith("/echo"));
  loopback.wait_for_later(1);
  Responder kept;
  loopback.on_thread([&] {
    kept = std::move(loopback.later[0]);
    loopback.server().close();
  });
  EXPECT_EQ(waiting.everything(), "");
  EXPECT_EQ(idle.everything(), "");
  loopback.stop();
  EXPECT_EQ(kept.request().target(), "/later?x");
  kept.respond(200, "", {"nobody hears"});
}

}  // namespace
}  // namespace wx::http_server
