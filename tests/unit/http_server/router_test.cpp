#include "http_server/router.hpp"

#include <gtest/gtest.h>

#include "base/text.hpp"
#include "http_server/head_parser.hpp"

namespace wx::http_server {
namespace {

// A client without a socket.
class FakeChannel final : public Channel, public std::enable_shared_from_this<FakeChannel> {
 public:
  FakeChannel(std::string_view method, std::string_view target)
      : bytes_(cat(method, " ", target, " HTTP/1.1\r\nHost: a\r\n\r\n")) {
    EXPECT_EQ(parser_.feed(bytes_), HeadParser::Status::complete);
    request_ = Request(bytes_.data(), parser_.head(), SteadyTime{}, this);
  }
  [[nodiscard]] const Request& request() const override { return request_; }
  [[nodiscard]] Executor& executor() override { throw std::logic_error("not here"); }
  [[nodiscard]] std::string_view peer() const override { return "peer"; }
  void respond(int status, std::string_view headers, std::initializer_list<BodyPart> body) override {
    append(answer, cat(status, "|", headers, "|"));
    for (const auto& part : body) answer += part.text();
  }
  [[nodiscard]] std::shared_ptr<Channel> hold() override { return shared_from_this(); }
  void abandon() override { ++abandoned; }

  std::string answer;
  int abandoned = 0;

 private:
  std::string bytes_;
  HeadParser parser_;
  Request request_;
};

HandlerFunction says(std::string_view text) {
  return [text](Exchange& exchange) { exchange.respond(200, "", {text}); };
}

Router make_router() {
  std::vector<Route> routes;
  routes.push_back({"/weather", Route::Match::exact, {{Method::get, says("weather")}, {Method::del, says("purge")}}});
  routes.push_back({"/lab", Route::Match::exact, {{Method::post, says("lab")}}});
  routes.push_back({"/a/", Route::Match::prefix, {{Method::get, says("short")}}});
  routes.push_back({"/a/b/", Route::Match::prefix, {{Method::get, says("long")}}});
  routes.push_back({"/a/b/c", Route::Match::exact, {{Method::get, says("exact")}}});
  return {std::move(routes), [](Exchange& exchange, ErrorKind kind, std::string_view detail, std::string_view extra) {
            exchange.respond(400, extra, {name(kind), " ", detail});
          }};
}

std::string ask(std::string_view method, std::string_view target) {
  Router router = make_router();
  const auto channel = std::make_shared<FakeChannel>(method, target);
  Exchange exchange(*channel);
  router.handle(exchange);
  return channel->answer;
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
  EXPECT_EQ(ask("BREW", "/weather"), "400|Allow: GET, HEAD, DELETE, OPTIONS\r\n|method-not-allowed ");
}

TEST(Router, AnswersOptionsWithAllowAndCors) {
  const std::string answer = ask("OPTIONS", "/weather");
  EXPECT_TRUE(answer.starts_with("204|Allow: GET, HEAD, DELETE, OPTIONS\r\n")) << answer;
  EXPECT_TRUE(answer.contains("Access-Control-Allow-Origin: *\r\n")) << answer;
  EXPECT_TRUE(answer.contains("Access-Control-Allow-Methods: GET, HEAD, DELETE, OPTIONS\r\n")) << answer;
  EXPECT_TRUE(ask("OPTIONS", "*").starts_with("204|Allow: GET, HEAD, POST, DELETE, OPTIONS\r\n"));
}

TEST(Router, RendersTheServersRefusalsAsItsOwn) {
  Router router = make_router();
  const auto channel = std::make_shared<FakeChannel>("GET", "/");
  Exchange exchange(*channel);
  router.refuse(exchange, ErrorKind::overloaded, "why");
  EXPECT_EQ(channel->answer, "400||overloaded why");
}

TEST(Responder, TellsTheChannelWhenItIsDestroyedUnused) {
  const auto channel = std::make_shared<FakeChannel>("GET", "/");
  Exchange exchange(*channel);
  {
    Responder first = exchange.defer();
    Responder second = std::move(first);
    EXPECT_EQ(second.request().path(), "/");
    EXPECT_EQ(second.request().peer(), "peer");
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
  EXPECT_EQ(channel->answer, "200||a");
  EXPECT_EQ(channel->abandoned, 0);
}

}  // namespace
}  // namespace wx::http_server
