// A connection without a socket, for the tests of handlers.
#pragma once

#include <atomic>
#include <initializer_list>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "base/executor.hpp"
#include "base/text.hpp"
#include "http_server/exchange.hpp"
#include "http_server/head_parser.hpp"

namespace wx::test {

// A request and, once the handler has responded, the answer.
class FakeChannel final : public http_server::Channel, public std::enable_shared_from_this<FakeChannel> {
 public:
  // `lines`: complete header lines. `executor`: for handlers that ask for it.
  FakeChannel(std::string_view method, std::string_view target, std::string_view lines = {}, SteadyTime now = {},
              Executor* executor = nullptr)
      : bytes_(cat(method, " ", target, " HTTP/1.1\r\nHost: a\r\n", lines, "\r\n")), executor_(executor) {
    EXPECT_EQ(parser_.feed(bytes_), http_server::HeadParser::Status::complete) << bytes_;
    request_ = http_server::Request(bytes_.data(), parser_.head(), now, this);
  }

  [[nodiscard]] const http_server::Request& request() const override { return request_; }
  [[nodiscard]] Executor& executor() override {
    if (executor_ == nullptr) throw std::logic_error("this test has no executor");
    return *executor_;
  }
  [[nodiscard]] std::string_view peer() const override { return "192.0.2.1"; }
  void blame_client() override { client_blamed = true; }
  void respond(int with, std::string_view lines, std::initializer_list<http_server::BodyPart> parts) override {
    ++answers;
    status = with;
    headers = lines;
    body.clear();
    for (const auto& part : parts) body += part.text();
  }
  [[nodiscard]] std::shared_ptr<Channel> hold() override { return shared_from_this(); }
  void abandon() override { ++abandoned; }
  [[nodiscard]] std::shared_ptr<const std::atomic<bool>> gone() override { return {shared_from_this(), &gone_}; }
  // The client closes the connection.
  void leave() { gone_ = true; }

  // The value of a header. "none" without one, "twice" with several.
  [[nodiscard]] std::string header(std::string_view name) const {
    std::string value = "none";
    std::string_view rest = headers;
    while (!rest.empty()) {
      const auto line = rest.substr(0, rest.find("\r\n"));
      rest.remove_prefix(std::min(rest.size(), line.size() + 2));
      const auto colon = line.find(": ");
      EXPECT_NE(colon, std::string_view::npos) << headers;
      if (iequals(line.substr(0, colon), name)) value = value == "none" ? std::string(line.substr(colon + 2)) : "twice";
    }
    return value;
  }

  int answers = 0;
  int abandoned = 0;
  bool client_blamed = false;
  int status = 0;
  std::string headers;
  std::string body;

 private:
  std::string bytes_;
  Executor* executor_;
  std::atomic<bool> gone_ = false;
  http_server::HeadParser parser_;
  http_server::Request request_;
};

}  // namespace wx::test
