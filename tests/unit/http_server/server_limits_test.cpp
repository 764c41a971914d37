// Deadlines, limits and shutdown of the server.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/resource.h>

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
    std::this_thread::sleep_for(20ms);
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
  // The sockets' buffers take a few megabytes. Then the server waits for the client to read.
  int before = 0;
  EXPECT_TRUE(eventually([&] {
    std::this_thread::sleep_for(50ms);
    return std::exchange(before, handled) == handled && handled > 0;
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

// --- Too many connections ---

TEST(ServerLimits, RefuseAConnectionAboveTheLimitAndTakeTheNextOneWhenThereIsRoom) {
  ServerOptions options;
  options.max_connections = 2;
  Loopback loopback(options);
  Client first(loopback.port);
  Client second(loopback.port);
  EXPECT_THAT(first.ask("/echo"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(second.ask("/echo"), StartsWith("HTTP/1.1 200 "));
  Client third(loopback.port);
  EXPECT_THAT(third.everything(), AllOf(StartsWith("HTTP/1.1 503 "), HasSubstr("Connection: close")));
  EXPECT_EQ(loopback.metrics.value(observability::Counter::http_connections_refused), 1U);
  EXPECT_TRUE(loopback.log.contains("new connections are refused"));
  third.close();
  first.close();
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
  EXPECT_THAT(first.ask("/echo"), StartsWith("HTTP/1.1 200 "));
  Client second(other.port);
  EXPECT_THAT(second.everything(), StartsWith("HTTP/1.1 503 "));
  EXPECT_EQ(options.budget->open(), 1U);
  first.close();
  EXPECT_TRUE(eventually([&] { return options.budget->open() == 0; }));
}

TEST(ServerLimits, StayBelowTheFileLimit) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit small = before;
  small.rlim_cur = 400;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &small), 0);
  EXPECT_EQ(connections_within_file_limit(20000), 300U);
  EXPECT_EQ(connections_within_file_limit(10), 10U);
  EXPECT_EQ(connections_within_file_limit(0), 1U);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
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
