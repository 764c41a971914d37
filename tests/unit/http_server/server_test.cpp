// The server over real sockets: its answers and their order.
#include <gmock/gmock.h>

#include "http_server/head_parser.hpp"
#include "loopback.hpp"

namespace wx::http_server {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST(Server, KeepsAConnectionForSeveralRequests) {
  Loopback loopback;
  Client client(loopback.port);
  EXPECT_EQ(client.ask("/echo?1"),
            "HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\nContent-Length: 7\r\n"
            "Content-Type: text/plain\r\n\r\n/echo?1");
  EXPECT_THAT(client.ask("/echo?2"), EndsWith("/echo?2"));
  EXPECT_THAT(client.ask("/nowhere"), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(client.ask("/echo?3"), EndsWith("/echo?3"));
  EXPECT_EQ(loopback.metrics.value(observability::Counter::http_connections_opened), 1U);
  EXPECT_EQ(loopback.metrics.value(observability::Counter::http_responses_2xx), 3U);
  EXPECT_EQ(loopback.metrics.value(observability::Counter::http_responses_4xx), 1U);
}

TEST(Server, CountsWhatAClientBroughtUponItselfApart) {
  std::vector<Route> routes;
  const auto fails = [](bool blame) {
    return [blame](Exchange& exchange) {
      if (blame) exchange.blame_client();
      exchange.respond(504, {}, {});
      if (blame) exchange.blame_client();  // too late: it must not be said of the next answer
    };
  };
  routes.push_back({"/own", Route::Match::exact, {{Method::get, fails(true)}}});
  routes.push_back({"/ours", Route::Match::exact, {{Method::get, fails(false)}}});
  Loopback loopback({}, std::move(routes));
  Client client(loopback.port);
  for (const auto* path : {"/own", "/ours", "/own", "/own"}) EXPECT_THAT(client.ask(path), StartsWith("HTTP/1.1 504 "));
  EXPECT_EQ(loopback.metrics.value(observability::Counter::http_responses_5xx_client), 3U);
  EXPECT_EQ(loopback.metrics.value(observability::Counter::http_responses_5xx), 1U);
}

TEST(Server, AnswersPipelinedRequestsInOrder) {
  Loopback loopback;
  Client client(loopback.port);
  std::string requests;
  for (int i = 0; i < 20; ++i) requests += cat("GET /echo?", i, " HTTP/1.1\r\nHost: a\r\n\r\n");
  client.send(requests);
  for (int i = 0; i < 20; ++i) EXPECT_THAT(client.response(), EndsWith(cat("\r\n\r\n/echo?", i)));
}

TEST(Server, HoldsPipelinedRequestsBackBehindADeferredAnswer) {
  Loopback loopback;
  Client client(loopback.port);
  client.send(
      "GET /echo?1 HTTP/1.1\r\nHost: a\r\n\r\nGET /later?2 HTTP/1.1\r\nHost: a\r\n\r\n"
      "GET /echo?3 HTTP/1.1\r\nHost: a\r\n\r\nGET /later?4 HTTP/1.1\r\nHost: a\r\n\r\nGET /echo?5 HT");
  EXPECT_THAT(client.response(), EndsWith("/echo?1"));
  loopback.wait_for_later(1);
  EXPECT_EQ(loopback.seen, 2);
  loopback.on_thread([&] {
    EXPECT_EQ(loopback.later[0].request().target(), "/later?2");
    loopback.later[0].respond(200, "", {"two"});
  });
  EXPECT_THAT(client.response(), EndsWith("two"));
  EXPECT_THAT(client.response(), EndsWith("/echo?3"));
  loopback.wait_for_later(2);
  loopback.on_thread([&] { loopback.later[1].respond(200, "", {"four"}); });
  EXPECT_THAT(client.response(), EndsWith("four"));
  client.send("TP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(client.response(), EndsWith("/echo?5"));
}

TEST(Server, CountsTheTimeOfAPipelinedRequestFromTheStartOfItsHandling) {
  std::vector<SteadyTime> began;  // belongs to the server's thread
  const auto note = [&](Exchange& exchange) {
    began.push_back(exchange.request().began_at());
    exchange.respond(200, {}, {});
  };
  const auto note_and_refuse = [&](Exchange& exchange, ErrorKind kind, std::string_view detail,
                                   std::string_view extra) {
    began.push_back(exchange.request().began_at());
    render_refusal(exchange, kind, detail, extra);
  };
  Loopback loopback({}, {{"/note", Route::Match::exact, {{Method::get, note}}}}, note_and_refuse);
  const auto first = loopback.clock.steady();
  Client client(loopback.port);
  client.send(
      "GET /note HTTP/1.1\r\nHost: a\r\n\r\nGET /later HTTP/1.1\r\nHost: a\r\n\r\n"
      "GET /note HTTP/1.1\r\nHost: a\r\n\r\nGARBAGE\r\n\r\n");
  loopback.wait_for_later(1);
  loopback.clock.advance(4500ms);
  loopback.on_thread([&] { loopback.later[0].respond(200, {}, {}); });
  EXPECT_THAT(client.everything(), HasSubstr("HTTP/1.1 400 "));
  loopback.on_thread([&] { EXPECT_THAT(began, ::testing::ElementsAre(first, first + 4500ms, first + 4500ms)); });
}

// An edge-triggered wait does not report bytes that arrived while there was no wait. The next three tests cover the
// cases in which that happens.
TEST(Server, NoticesTheEndThatCameTogetherWithARequest) {
  Loopback loopback;
  Client client(loopback.port);
  EXPECT_THAT(client.ask("/echo?1"), EndsWith("/echo?1"));
  // This runs on the server's thread, so the server reads only when both have arrived.
  loopback.on_thread([&] {
    client.send("GET /echo?2 HTTP/1.1\r\nHost: a\r\n\r\n");
    client.finish_sending();
  });
  EXPECT_THAT(client.everything(), EndsWith("/echo?2"));
}

TEST(Server, ReadsWhatCameWhileAnAnswerWasOutstanding) {
  Loopback loopback;
  Client client(loopback.port);
  client.send("GET /later?1 HTTP/1.1\r\nHost: a\r\n\r\n");
  loopback.wait_for_later(1);
  client.send("GET /echo?2 HTTP/1.1\r\nHost: a\r\n\r\n");
  loopback.on_thread([] {});  // the loop has handled it
  loopback.on_thread([&] { loopback.later[0].respond(200, "", {"one"}); });
  EXPECT_THAT(client.response(), EndsWith("one"));
  EXPECT_THAT(client.response(), EndsWith("/echo?2"));
}

TEST(Server, ReadsOnWhereOneReadWasNotEnough) {
  Loopback loopback;
  Client client(loopback.port);
  constexpr int kRequests = 500;  // more bytes than one read returns
  std::string requests;
  for (int i = 0; i < kRequests; ++i) requests += cat("GET /echo?", i, " HTTP/1.1\r\nHost: a\r\n\r\n");
  loopback.on_thread([&] { client.send(requests); });
  for (int i = 0; i < kRequests; ++i) EXPECT_THAT(client.response(), EndsWith(cat("\r\n\r\n/echo?", i)));
}

TEST(Server, TakesADeferredAnswerThatComesBeforeTheHandlerReturns) {
  std::vector<Route> routes;
  routes.push_back({"/now", Route::Match::exact, {{Method::get, [](Exchange& exchange) {
                                                     exchange.defer().respond(200, "", {exchange.request().target()});
                                                   }}}});
  Loopback loopback({}, std::move(routes));
  Client client(loopback.port);
  client.send("GET /now?1 HTTP/1.1\r\nHost: a\r\n\r\nGET /now?2 HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(client.response(), EndsWith("/now?1"));
  EXPECT_THAT(client.response(), EndsWith("/now?2"));
}

TEST(Server, AnswersHeadWithoutABody) {
  Loopback loopback;
  Client client(loopback.port);
  client.send("HEAD /echo HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(client.response(true), AllOf(HasSubstr("Content-Length: 5\r\n"), EndsWith("\r\n\r\n")));
  EXPECT_THAT(client.ask("/echo"), EndsWith("\r\n\r\n/echo"));
}

TEST(Server, ClosesAfterARequestThatWantsItClosed) {
  Loopback loopback;
  Client client(loopback.port);
  client.send("GET /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET /echo?never HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(client.everything(), AllOf(HasSubstr("Connection: close\r\n"), EndsWith("\r\n\r\n/echo")));
  client.close();
  EXPECT_TRUE(loopback.all_closed());
  EXPECT_EQ(loopback.seen, 1);
}

TEST(Server, ServesHttp10AndClosesUnlessAskedToKeep) {
  Loopback loopback;
  Client keeping(loopback.port);
  keeping.send("GET /echo HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_THAT(keeping.response(), AllOf(StartsWith("HTTP/1.1 200 OK\r\n"), HasSubstr("Connection: keep-alive\r\n")));
  keeping.send("GET /echo HTTP/1.0\r\n\r\n");
  EXPECT_THAT(keeping.everything(), AllOf(HasSubstr("Connection: close\r\n"), EndsWith("/echo")));
}

TEST(Server, TakesAHeadThatComesByteByByte) {
  Loopback loopback;
  Client client(loopback.port);
  for (const char c : std::string_view("GET /echo?slow HTTP/1.1\r\nHost: a\r\n\r\n")) client.send({&c, 1});
  EXPECT_THAT(client.response(), EndsWith("/echo?slow"));
}

TEST(Server, TakesLargeHeadsOneAfterTheOther) {
  Loopback loopback;
  Client client(loopback.port);
  const std::string field = cat("A: ", std::string(6000, 'x'), "\r\n");
  std::string requests;
  for (int i = 0; i < 10; ++i) requests += cat("GET /echo?", i, " HTTP/1.1\r\nHost: a\r\n", field, "\r\n");
  client.send(requests);
  for (int i = 0; i < 10; ++i) EXPECT_THAT(client.response(), EndsWith(cat("/echo?", i)));
}

TEST(Server, TakesALongTarget) {
  Loopback loopback;
  Client client(loopback.port);
  const std::string target = cat("/echo?", std::string(kMaxTarget - 6, 'x'));
  EXPECT_THAT(client.ask(target), EndsWith(target));
  for (const char c : cat("GET ", target, " HTTP/1.1\r\nHost: a\r\n\r\n")) client.send({&c, 1});
  EXPECT_THAT(client.response(), EndsWith(target));
  EXPECT_THAT(client.ask("/echo"), EndsWith("/echo"));
}

TEST(Server, TakesAnEmptyBodyInChunksWhereverItIsCut) {
  Loopback loopback;
  const std::string chunks =
      "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0;a=\"b\"\r\nC: d\r\n\r\n";
  const std::string next = "GET /echo?next HTTP/1.1\r\nHost: a\r\n\r\n";
  const std::string both = cat(chunks, next);
  for (std::size_t cut = 1; cut < both.size(); ++cut) {
    Client client(loopback.port);
    client.send(std::string_view(both).substr(0, cut));
    loopback.on_thread([] {});  // the loop has handled it
    client.send(std::string_view(both).substr(cut));
    EXPECT_THAT(client.response(), StartsWith("HTTP/1.1 405 ")) << cut;
    EXPECT_THAT(client.response(), EndsWith("/echo?next")) << cut;
  }
}

TEST(Server, AnswersAClientThatHasFinishedSending) {
  Loopback loopback;
  Client client(loopback.port);
  client.send("GET /echo HTTP/1.1\r\nHost: a\r\n\r\nGET /later HTTP/1.1\r\nHost: a\r\n\r\n");
  client.finish_sending();
  EXPECT_THAT(client.response(), EndsWith("/echo"));
  loopback.wait_for_later(1);
  loopback.on_thread([&] { loopback.later[0].respond(200, "", {"late"}); });
  EXPECT_THAT(client.everything(), EndsWith("late"));
  EXPECT_TRUE(loopback.all_closed());
}

TEST(Server, TellsThePeersAddress) {
  std::vector<Route> routes;
  routes.push_back({"/peer", Route::Match::exact, {{Method::get, [](Exchange& exchange) {
                                                      exchange.respond(200, "", {exchange.request().peer()});
                                                    }}}});
  Loopback loopback({}, std::move(routes));
  Client client(loopback.port);
  EXPECT_THAT(client.ask("/peer"), EndsWith("\r\n\r\n127.0.0.1"));
}

// --- Refusals ---

// Sends the bytes and returns everything received until the connection ends.
std::string refused(std::string_view bytes, int handled = 0) {
  Loopback loopback;
  Client client(loopback.port);
  EXPECT_TRUE(client.send(bytes));
  const std::string answer = client.everything();
  EXPECT_EQ(loopback.seen, handled) << bytes;
  EXPECT_EQ(loopback.metrics.value(observability::Counter::http_malformed), 1U) << bytes;
  return answer;
}

TEST(Server, AnswersWhatIsMalformedOnceAndCloses) {
  const std::string answer =
      refused("GET /echo HTTP/1.1\r\nHost: a\r\nbad header\r\n\r\nGET /echo HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(answer, AllOf(StartsWith("HTTP/1.1 400 "), HasSubstr("Connection: close\r\n"),
                            EndsWith("malformed-request: a header field has no valid name")));
}

TEST(Server, AnswersTheGoodRequestsBeforeABadOne) {
  const std::string answer = refused("GET /echo HTTP/1.1\r\nHost: a\r\n\r\nGET /echo HTTP/3.0\r\nHost: a\r\n\r\n", 1);
  EXPECT_THAT(answer, AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr("/echoHTTP/1.1 505 ")));
}

TEST(Server, LetsNoRequestBeSmuggledInABody) {
  const std::string smuggled = "GET /echo?smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
  for (const std::string_view framing :
       {"Content-Length: 0\r\nTransfer-Encoding: chunked", "Transfer-Encoding : chunked",
        "Transfer-Encoding:\013chunked", "X: y\r\n Transfer-Encoding: chunked",
        "Content-Length: 5\r\nContent-Length: 0", "Content-Length: 0, 5", "Content-Length: 44", "Content-Length: +0",
        "Content-Length:\r\n 44"}) {
    const std::string answer =
        refused(cat("POST /echo HTTP/1.1\r\nHost: a\r\n", framing, "\r\n\r\n0\r\n\r\n", smuggled));
    EXPECT_THAT(answer, AllOf(StartsWith("HTTP/1.1 4"), Not(HasSubstr("smuggled")))) << framing;
  }
}

TEST(Server, SendsNoBodyWithTheRefusalOfAHeadRequest) {
  for (const std::string_view bytes : {"HEAD /\x7f", "HEAD / HTTP/1.1\r\n\r\n", "HEAD / HTTP/2.0\r\n", "HEAD\t/\r\n"}) {
    EXPECT_THAT(refused(bytes), AllOf(StartsWith("HTTP/1.1 "), EndsWith("\r\n\r\n"))) << bytes;
  }
}

TEST(Server, DeliversItsRefusalToAClientThatIsStillSending) {
  const std::string body(500'000, 'x');
  EXPECT_THAT(refused(cat("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 500000\r\n\r\n", body)),
              AllOf(StartsWith("HTTP/1.1 413 "), Not(HasSubstr("<reset>"))));
}

TEST(Server, RefusesTargetsAndHeadersThatAreTooLarge) {
  EXPECT_THAT(refused(cat("GET /", std::string(kMaxTarget, 'a'), " HTTP/1.1\r\nHost: a\r\n\r\n")),
              StartsWith("HTTP/1.1 414 "));
  EXPECT_THAT(refused(cat("GET / HTTP/1.1\r\nHost: a\r\nA: ", std::string(kMaxHead, 'a'), "\r\n\r\n")),
              StartsWith("HTTP/1.1 431 "));
}

// --- Faulty handlers ---

TEST(Server, TurnsAHandlersBugIntoAnInternalErrorAndGoesOn) {
  std::vector<Route> routes;
  const auto add = [&routes](std::string path, HandlerFunction function) {
    routes.push_back({std::move(path), Route::Match::exact, {{Method::get, std::move(function)}}});
  };
  Responder kept;
  add("/throws", [](Exchange&) { throw std::runtime_error("secret"); });
  add("/silent", [](Exchange&) {});
  add("/drops", [](Exchange& exchange) { (void)exchange.defer(); });
  add("/defers-and-throws", [&kept](Exchange& exchange) {
    kept = exchange.defer();
    throw std::runtime_error("secret");
  });
  add("/answers-twice", [](Exchange& exchange) {
    exchange.respond(200, "", {"once"});
    exchange.respond(200, "", {"twice"});
  });
  Loopback loopback({}, std::move(routes));
  for (const std::string_view path : {"/throws", "/silent", "/drops", "/defers-and-throws"}) {
    Client client(loopback.port);
    client.send(cat("GET ", path, " HTTP/1.1\r\nHost: a\r\n\r\nGET /echo HTTP/1.1\r\nHost: a\r\n\r\n"));
    EXPECT_THAT(client.everything(), AllOf(StartsWith("HTTP/1.1 500 "), EndsWith("internal: "))) << path;
  }
  loopback.on_thread([&] { kept.respond(200, "", {"too late"}); });
  Client client(loopback.port);
  EXPECT_THAT(client.ask("/answers-twice"), EndsWith("once"));
  EXPECT_THAT(client.ask("/echo"), EndsWith("/echo"));
  EXPECT_TRUE(loopback.log.contains("a handler threw what=secret path=/throws"));
  EXPECT_TRUE(loopback.log.contains("a deferred request was never answered"));
}

TEST(Server, RefusesOnTheOwnersBehalfWhenAResponderIsDroppedLater) {
  Loopback loopback;
  Client client(loopback.port);
  client.send("GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
  loopback.wait_for_later(1);
  loopback.on_thread([&] { loopback.later.clear(); });
  EXPECT_THAT(client.everything(), StartsWith("HTTP/1.1 500 "));
}

}  // namespace
}  // namespace wx::http_server
