#include "http_server/router.hpp"

#include <gtest/gtest.h>

#include "base/text.hpp"
#include "support/fake_channel.hpp"

namespace wx::http_server {
namespace {

using test::FakeChannel;

HandlerFunction says(std::string_view text) {
  return [text](Exchange& exchange) { exchange.respond(200, "", {text}); };
}

Router make_router() {
  std::vector<Route> routes;
  routes.push_back(
      {"/weather", Route::Match::exact, {{Method::get, says("weather")}, {Method::del, says("purge")}}, true});
  routes.push_back({"/lab", Route::Match::exact, {{Method::post, says("lab")}}});
  routes.push_back({"/a/", Route::Match::prefix, {{Method::get, says("short")}}});
  routes.push_back({"/a/b/", Route::Match::prefix, {{Method::get, says("long")}}});
  routes.push_back({"/a/b/c", Route::Match::exact, {{Method::get, says("exact")}}});
  return {std::move(routes), [](Exchange& exchange, ErrorKind kind, std::string_view detail, std::string_view extra) {
            exchange.respond(400, extra, {name(kind), " ", detail});
          }};
}

std::string answer_of(const FakeChannel& channel) {
  EXPECT_EQ(channel.answers, 1);
  return cat(channel.status, "|", channel.headers, "|", channel.body);
}

std::string ask(std::string_view method, std::string_view target) {
  Router router = make_router();
  const auto channel = std::make_shared<FakeChannel>(method, target);
  Exchange exchange(*channel);
  router.handle(exchange);
  return answer_of(*channel);
}

TEST(Router, FindsTheFunctionByPathAndMethod) {
  EXPECT_EQ(ask("GET", "/weather?lat=1"), "200||weather");
  EXPECT_EQ(ask("DELETE", "/weather"), "200||purge");
  EXPECT_EQ(ask("POST", "/lab"), "200||lab");
  EXPECT_EQ(ask("GET", "http://a/weather"), "200||weather");
}

TEST(Router, AnswersHeadWhereThereIsGet) {
  EXPECT_EQ(ask("HEAD", "/weather"), "200||weather");
  EXPECT_EQ(ask("HEAD", "/lab"), "400|Allow: POST, OPTIONS\r\n|method-not-allowed ");
}

TEST(Router, PrefersExactPathsAndLongerPrefixes) {
  EXPECT_EQ(ask("GET", "/a/x"), "200||short");
  EXPECT_EQ(ask("GET", "/a/b/x"), "200||long");
  EXPECT_EQ(ask("GET", "/a/b/c"), "200||exact");
}

TEST(Router, RefusesUnknownPaths) {
  for (const auto path : {"/", "/weather/", "/Weather", "/a", "/weatherx"})
    EXPECT_EQ(ask("GET", path), "400||not-found ");
  EXPECT_EQ(ask("OPTIONS", "/nowhere"), "400||not-found ");
}

TEST(Router, NamesTheAllowedMethodsWhenItRefusesOne) {
  EXPECT_EQ(ask("POST", "/weather"), "400|Allow: GET, HEAD, DELETE, OPTIONS\r\n|method-not-allowed ");
  for (const auto* method : {"PUT", "PATCH", "TRACE"}) {
    EXPECT_EQ(ask(method, "/weather"), "400|Allow: GET, HEAD, DELETE, OPTIONS\r\n|method-not-allowed ") << method;
  }
  EXPECT_EQ(ask("CONNECT", "a:443"), "400|Allow: GET, HEAD, POST, DELETE, OPTIONS\r\n|method-not-allowed ");
}

// RFC 9110 §9.1
TEST(Router, ImplementsNoMethodThatHttpDoesNotDefine) {
  for (const auto* method : {"BREW", "get", "GETX", "PROPFIND"}) {
    for (const auto* path : {"/weather", "/lab", "/a/x", "/nowhere"}) {
      EXPECT_EQ(ask(method, path), "400||not-implemented This server does not know the method") << method << path;
    }
  }
}

// RFC 3986 §6.2.2.2
TEST(Router, DecodesUnreservedCharactersOfAPath) {
  for (const auto* path :
       {"/%77eather", "/weathe%72", "/%77%65%61%74%68%65%72", "http://x/%77eather", "/%77eather?a"}) {
    EXPECT_EQ(ask("GET", path), "200||weather") << path;
  }
  EXPECT_EQ(ask("DELETE", "/%77eather"), "200||purge");
  EXPECT_EQ(ask("GET", "/%61/%62/x"), "200||long");
  EXPECT_EQ(ask("GET", "/%61/b/%63"), "200||exact");
  for (const auto* path : {"/%57eather", "/%2Fweather", "/a%2Fb", "/weather%2F", "/weather%00", "/%2577eather"}) {
    EXPECT_EQ(ask("GET", path), "400||not-found ") << path;
  }
}

TEST(Router, RefusesPathsThatHaveNoNormalForm) {
  for (const auto* path : {"/a/..", "/a/../weather", "/./weather", "/..", "/.", "/weather/.", "/a/%2e%2E/weather",
                           "/%2e/weather", "/a/.%2e", "/%zz", "/weather%", "/weather%7", "/a/%g0", "http://x/a/../b"}) {
    EXPECT_EQ(ask("GET", path),
              "400||malformed-request The path has a malformed percent escape, or a segment that is . or ..")
        << path;
  }
  EXPECT_EQ(ask("GET", "/a/..."), "200||short");
  EXPECT_EQ(ask("GET", "/a/.x"), "200||short");
  EXPECT_EQ(ask("GET", "/a/x."), "200||short");
  EXPECT_EQ(ask("GET", "/a/x/..y"), "200||short");
}

TEST(Router, AnswersOptionsWithAllowAndCorsWhereTheRouteSaysSo) {
  const std::string answer = ask("OPTIONS", "/weather");
  EXPECT_TRUE(answer.starts_with("204|Allow: GET, HEAD, DELETE, OPTIONS\r\n")) << answer;
  EXPECT_TRUE(answer.contains("Access-Control-Allow-Origin: *\r\n")) << answer;
  EXPECT_TRUE(answer.contains("Access-Control-Allow-Methods: GET, HEAD, DELETE, OPTIONS\r\n")) << answer;
  EXPECT_EQ(ask("OPTIONS", "/lab"), "204|Allow: POST, OPTIONS\r\n|");
  EXPECT_EQ(ask("OPTIONS", "*"), "204|Allow: GET, HEAD, POST, DELETE, OPTIONS\r\n|");
}

TEST(Router, RendersTheServersRefusalsAsItsOwn) {
  Router router = make_router();
  const auto channel = std::make_shared<FakeChannel>("GET", "/");
  Exchange exchange(*channel);
  router.refuse(exchange, ErrorKind::overloaded, "why");
  EXPECT_EQ(answer_of(*channel), "400||overloaded why");
}

TEST(Responder, TellsTheChannelWhenItIsDestroyedUnused) {
  const auto channel = std::make_shared<FakeChannel>("GET", "/");
  Exchange exchange(*channel);
  {
    Responder first = exchange.defer();
    Responder second = std::move(first);
    EXPECT_EQ(second.request().path(), "/");
    EXPECT_EQ(second.request().peer(), "192.0.2.1");
  }
  EXPECT_EQ(channel->abandoned, 1);
}

TEST(Responder, AnswersOnce) {
  const auto channel = std::make_shared<FakeChannel>("GET", "/");
  Exchange exchange(*channel);
  Responder responder = exchange.defer();
  exchange.respond(500, "", {"ignored: the request was given away"});
  responder.respond(200, "", {"a"});
  responder.respond(200, "", {"b"});
  EXPECT_EQ(answer_of(*channel), "200||a");
  EXPECT_EQ(channel->abandoned, 0);
}

TEST(Router, LeavesAMountAllMethodsAndRefusals) {
  std::vector<Route> routes;
  routes.push_back({"/weather", Route::Match::exact, {{Method::get, says("weather")}}});
  routes.push_back({"/v1/own", Route::Match::exact, {{Method::get, says("own")}}});
  routes.push_back({"/v1/", Route::Match::prefix, {{Method::get, says("prefix")}}});
  const auto refusing = [](std::string_view who) {
    return [who](Exchange& exchange, ErrorKind kind, std::string_view, std::string_view) {
      exchange.respond(400, "", {who, " ", name(kind)});
    };
  };
  Router router(std::move(routes), refusing("router"),
                Mount{.has = [](std::string_view path) { return path.starts_with("/v1/"); },
                      .handle = says("mount"),
                      .refuse = refusing("mount")});
  const auto answer = [&](std::string_view method, std::string_view target) {
    const auto channel = std::make_shared<FakeChannel>(method, target);
    Exchange exchange(*channel);
    router.handle(exchange);
    return answer_of(*channel);
  };
  for (const auto* method : {"GET", "HEAD", "POST", "OPTIONS", "DELETE", "PUT", "BREW"}) {
    EXPECT_EQ(answer(method, "/v1/x?y"), "200||mount") << method;
  }
  EXPECT_EQ(answer("GET", "/%761/x"), "200||mount");
  EXPECT_EQ(answer("GET", "/v1/own"), "200||own");
  EXPECT_EQ(answer("GET", "/weather"), "200||weather");
  EXPECT_EQ(answer("GET", "/v1/../weather"), "400||mount malformed-request");
  EXPECT_EQ(answer("GET", "/a/../weather"), "400||router malformed-request");
  EXPECT_EQ(answer("GET", "/nowhere"), "400||router not-found");
  for (const auto* path : {"/v1/x", "/weather"}) {
    const auto channel = std::make_shared<FakeChannel>("GET", path);
    Exchange exchange(*channel);
    router.refuse(exchange, ErrorKind::overloaded, {});
    EXPECT_EQ(answer_of(*channel), cat("400||", path == std::string_view("/v1/x") ? "mount" : "router", " overloaded"));
  }
}

}  // namespace
}  // namespace wx::http_server
