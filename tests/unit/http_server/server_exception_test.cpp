// Exceptions at every place where the server calls code that may throw. Each costs one request or one connection, and
// is logged once.
#include <gmock/gmock.h>

#include "loopback.hpp"

namespace wx::http_server {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

Route get_route(std::string path, HandlerFunction function) {
  return {std::move(path), Route::Match::exact, {{Method::get, std::move(function)}}};
}

std::string request_for(std::string_view target) {
  return cat("GET ", target, " HTTP/1.1\r\nHost: a\r\n\r\n");
}

// --- Handlers ---

TEST(ServerExceptions, OfAnyTypeFromAHandlerBecomeAnInternalError) {
  std::vector<Route> routes;
  routes.push_back(get_route("/number", [](Exchange&) { throw 7; }));
  Loopback loopback({}, std::move(routes));
  Client witness(loopback.port);
  EXPECT_THAT(witness.ask("/echo"), EndsWith("/echo"));
  Client client(loopback.port);
  client.send(request_for("/number"));
  EXPECT_THAT(client.everything(), AllOf(StartsWith("HTTP/1.1 500 "), EndsWith("internal: ")));
  EXPECT_EQ(loopback.log.count("a handler threw what=not a std::exception path=/number"), 1);
  EXPECT_THAT(witness.ask("/echo"), EndsWith("/echo"));
}

TEST(ServerExceptions, AfterAnAnswerLeaveTheAnswerAndTheConnectionAsTheyAre) {
  std::vector<Route> routes;
  routes.push_back(get_route("/answers-and-throws", [](Exchange& exchange) {
    exchange.respond(200, "", {"answered"});
    throw std::runtime_error("late");
  }));
  Loopback loopback({}, std::move(routes));
  Client client(loopback.port);
  EXPECT_THAT(client.ask("/answers-and-throws"), AllOf(StartsWith("HTTP/1.1 200 "), EndsWith("answered")));
  EXPECT_THAT(client.ask("/echo"), EndsWith("/echo"));
  EXPECT_EQ(loopback.log.count("a handler threw what=late"), 1);
}

TEST(ServerExceptions, AfterDeferAnswerOnceWhateverBecomesOfTheResponder) {
  std::vector<Responder> kept;  // belongs to the server's thread
  std::vector<Route> routes;
  routes.push_back(get_route("/defers-and-throws", [&kept](Exchange& exchange) {
    kept.push_back(exchange.defer());
    throw std::runtime_error("after defer");
  }));
  routes.push_back(get_route("/throws-and-drops", [](Exchange& exchange) {
    const Responder dropped = exchange.defer();
    throw std::runtime_error("after defer");
  }));
  Loopback loopback({}, std::move(routes));
  for (const std::string_view target : {"/defers-and-throws?1", "/defers-and-throws?2", "/throws-and-drops"}) {
    Client client(loopback.port);
    client.send(request_for(target));
    const std::string answer = client.everything();
    EXPECT_THAT(answer, AllOf(StartsWith("HTTP/1.1 500 "), EndsWith("internal: "))) << target;
    EXPECT_EQ(answer.find("HTTP/1.1", 1), std::string::npos) << target;
  }
  loopback.on_thread([&] {
    ASSERT_EQ(kept.size(), 2U);
    kept[0].respond(200, "", {"too late"});
    kept.clear();
  });
  EXPECT_EQ(loopback.log.count("a handler threw what=after defer"), 3);
  EXPECT_TRUE(loopback.all_closed());
}

TEST(ServerExceptions, EndAtTheHandlerEvenIfTheLogThrowsAsWell) {
  std::vector<Route> routes;
  routes.push_back(get_route("/throws", [](Exchange&) { throw std::runtime_error("secret"); }));
  Loopback loopback({}, std::move(routes));
  Client witness(loopback.port);
  EXPECT_THAT(witness.ask("/echo"), EndsWith("/echo"));
  loopback.log.fails = true;
  Client client(loopback.port);
  client.send(request_for("/throws"));
  EXPECT_THAT(client.everything(), StartsWith("HTTP/1.1 500 "));
  EXPECT_THAT(witness.ask("/echo"), EndsWith("/echo"));
}

TEST(ServerExceptions, WhileAnAnswerIsWrittenLeaveTheRequestReadableForItsHandler) {
  const test::FaultyClock* clock = nullptr;
  std::vector<Route> routes;
  routes.push_back(get_route("/both-throw", [&clock](Exchange& exchange) {
    clock->fails_at = 1;  // the date of the answer
    exchange.respond(200, "", {"lost"});
    EXPECT_EQ(exchange.request().path(), "/both-throw");
    throw std::runtime_error("as well");
  }));
  Loopback loopback({}, std::move(routes));
  clock = &loopback.faulty_clock;
  Client client(loopback.port);
  client.send(cat(request_for("/both-throw"), request_for("/echo")));
  EXPECT_EQ(client.everything(), "");
  loopback.on_thread([] {});  // the handler has returned
  EXPECT_EQ(loopback.log.count("a connection failed what=the clock broke"), 1);
  EXPECT_EQ(loopback.log.count("a handler threw what=as well path=/both-throw"), 1);
  EXPECT_EQ(loopback.seen, 0);
}

// --- Refusals ---

TEST(ServerExceptions, OfARefusalLeaveABareInternalError) {
  const auto throws = [](Exchange&, ErrorKind, std::string_view, std::string_view) {
    throw std::runtime_error("no words");
  };
  std::vector<Route> routes;
  routes.push_back(get_route("/throws", [](Exchange&) { throw std::runtime_error("secret"); }));
  Loopback loopback({}, std::move(routes), throws);
  int refusals = 0;
  for (const std::string_view bytes : {"GET /throws HTTP/1.1\r\nHost: a\r\n\r\n", "nonsense\r\n\r\n"}) {
    Client client(loopback.port);
    client.send(bytes);
    EXPECT_THAT(client.everything(),
                AllOf(StartsWith("HTTP/1.1 500 "), HasSubstr("Connection: close\r\n"), EndsWith("\r\n\r\n")));
    EXPECT_EQ(loopback.log.count("a refusal threw what=no words"), ++refusals);
  }
  Client client(loopback.port);
  EXPECT_THAT(client.ask("/echo"), EndsWith("/echo"));
}

TEST(ServerExceptions, OfARefusalAfterItsAnswerAreLogged) {
  Loopback loopback({}, {}, [](Exchange& exchange, ErrorKind kind, std::string_view, std::string_view) {
    exchange.respond(400, "", {name(kind)});
    throw std::runtime_error("too many words");
  });
  Client client(loopback.port);
  client.send("nonsense\r\n\r\n");
  EXPECT_THAT(client.everything(), AllOf(StartsWith("HTTP/1.1 400 "), EndsWith("malformed-request")));
  EXPECT_EQ(loopback.log.count("a refusal threw what=too many words"), 1);
}

// --- Deferred answers ---

TEST(ServerExceptions, OfACompletionThatHasNotAnsweredBecomeAnInternalError) {
  Loopback loopback;
  Client client(loopback.port);
  client.send(request_for("/later"));
  loopback.wait_for_later(1);
  loopback.on_thread([&] {
    const auto completion = [&] {
      const Responder mine = std::move(loopback.later[0]);
      throw std::runtime_error("completion");
    };
    EXPECT_THROW(completion(), std::runtime_error);
  });
  EXPECT_THAT(client.everything(), AllOf(StartsWith("HTTP/1.1 500 "), EndsWith("internal: ")));
}

TEST(ServerExceptions, OfARefusalDoNotLeaveTheResponderThatIsDropped) {
  Loopback loopback(
      {}, {}, [](Exchange&, ErrorKind, std::string_view, std::string_view) { throw std::runtime_error("no words"); });
  Client client(loopback.port);
  client.send(request_for("/later"));
  loopback.wait_for_later(1);
  loopback.on_thread([&] { loopback.later.clear(); });
  EXPECT_THAT(client.everything(), AllOf(StartsWith("HTTP/1.1 500 "), EndsWith("\r\n\r\n")));
  EXPECT_EQ(loopback.log.count("a refusal threw what=no words"), 1);
}

TEST(ServerExceptions, OfTheLogDoNotLeaveTheResponderThatIsDropped) {
  Loopback loopback;
  Client client(loopback.port);
  client.send(request_for("/later"));
  loopback.wait_for_later(1);
  loopback.log.fails = true;
  loopback.on_thread([&] { loopback.later.clear(); });
  EXPECT_EQ(client.everything(), "");  // this connection is closed, the others are not
  loopback.log.fails = false;
  Client next(loopback.port);
  EXPECT_THAT(next.ask("/echo"), EndsWith("/echo"));
}

TEST(ServerExceptions, WhileADeferredAnswerIsWrittenDoNotReachTheCompletion) {
  Loopback loopback;
  Client client(loopback.port);
  client.send(request_for("/later"));
  loopback.wait_for_later(1);
  loopback.on_thread([&] {
    loopback.faulty_clock.fails_at = 1;  // the date of the answer
    EXPECT_NO_THROW(loopback.later[0].respond(200, "", {"lost"}));
  });
  EXPECT_EQ(client.everything(), "");
  EXPECT_EQ(loopback.log.count("a connection failed what=the clock broke"), 1);
  EXPECT_TRUE(loopback.all_closed());
}

// --- The loop's own calls ---

// The clock is read wherever the server gets control: when it reads, answers, writes, moves a deadline and ticks. Each
// reading throws once in this test. The exception costs the connection being served, or one tick.
TEST(ServerExceptions, AtEveryReadingOfTheClockCostAtMostTheConnectionThatIsServed) {
  Loopback loopback;
  Client witness(loopback.port);
  EXPECT_THAT(witness.ask("/echo"), EndsWith("/echo"));
  int faults = 0;
  for (int nth = 1;; ++nth) {
    const std::size_t deferred_before = loopback.later.size();
    const auto opened_before = loopback.metrics.value(observability::Counter::http_connections_opened);
    loopback.faulty_clock.fails_at = nth;
    {
      Client client(loopback.port);
      client.send(cat(request_for("/echo?1"), request_for("/later"), request_for("/echo?2"), "GET /echo?3 HT"));
      EXPECT_TRUE(eventually(
          [&] { return loopback.metrics.value(observability::Counter::http_connections_opened) > opened_before; }));
      // The connection has gone as far as it can: its answer is pending, or it is closed.
      EXPECT_TRUE(eventually([&] {
        bool settled = false;
        loopback.on_thread(
            [&] { settled = loopback.later.size() > deferred_before || loopback.server().open_connections() == 1; });
        return settled;
      }));
      loopback.on_thread([&] {
        if (loopback.later.size() > deferred_before) loopback.later.back().respond(200, "", {"two"});
      });
      client.send("TP/1.1\r\nHost: a\r\n\r\n");
      client.finish_sending();
      EXPECT_THAT(client.everything(), Not(HasSubstr("<timeout>"))) << nth;
    }
    ASSERT_TRUE(eventually([&] { return loopback.server().open_connections() == 1; })) << nth;
    const bool fault_was_met = loopback.faulty_clock.fails_at.exchange(0) <= 0;
    loopback.on_thread([] {});  // a tick that threw has logged it
    if (fault_was_met) ++faults;
    EXPECT_EQ(loopback.log.count("what=the clock broke"), faults) << nth;
    if (!fault_was_met) break;
  }
  EXPECT_GE(faults, 8);
  EXPECT_THAT(witness.ask("/echo"), EndsWith("/echo"));
}

TEST(ServerExceptions, InATickLeaveTheNextTickToCloseWhatIsIdle) {
  Loopback loopback;
  Client client(loopback.port);
  EXPECT_THAT(client.ask("/echo"), EndsWith("/echo"));
  loopback.faulty_clock.fails_at = 1;
  EXPECT_TRUE(eventually([&] { return loopback.log.contains("looking for expired connections failed"); }));
  loopback.clock.advance(80s);
  EXPECT_EQ(client.everything(), "");
  EXPECT_EQ(loopback.log.count("what=the clock broke"), 1);
}

TEST(ServerExceptions, OfTheLogDoNotKeepNewClientsOut) {
  ServerOptions options;
  options.max_connections = 1;
  Loopback loopback(options);
  loopback.log.fails = true;
  for (int i = 0; i < 3; ++i) {
    Client first(loopback.port);
    first.send("GET /echo HT");  // not idle, so it keeps its place
    EXPECT_TRUE(eventually([&] { return loopback.server().open_connections() == 1; }));
    loopback.on_thread([] {});
    Client second(loopback.port);
    EXPECT_THAT(second.ask("/echo"), StartsWith("HTTP/1.1 503 "));
    first.close();
    second.close();
    EXPECT_TRUE(loopback.all_closed());
  }
}

}  // namespace
}  // namespace wx::http_server
