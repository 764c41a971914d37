// The smaller kernels: Date, responses, deadlines.
#include <gtest/gtest.h>

#include "http_server/date_cache.hpp"
#include "http_server/deadlines.hpp"
#include "http_server/response.hpp"

namespace wx::http_server {
namespace {

using namespace std::chrono_literals;

WallTime at(std::chrono::sys_days day, milliseconds time) {
  return WallTime(day) + time;
}

TEST(DateCache, RendersTheFixedForm) {
  using std::chrono::year;
  DateCache cache;
  EXPECT_EQ(cache.at(at(year(1994) / 11 / 6, 8h + 49min + 37s)), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(cache.at(at(year(2024) / 2 / 29, 23h + 59min + 59s + 999ms)), "Thu, 29 Feb 2024 23:59:59 GMT");
  EXPECT_EQ(cache.at(at(year(2026) / 12 / 31, 0s)), "Thu, 31 Dec 2026 00:00:00 GMT");
}

TEST(DateCache, ChangesWithTheSecondAndFollowsAClockSetBack) {
  const auto start = at(std::chrono::year(2026) / 1 / 1, 0s);
  DateCache cache;
  EXPECT_EQ(cache.at(start + 500ms), "Thu, 01 Jan 2026 00:00:00 GMT");
  EXPECT_EQ(cache.at(start + 999ms), "Thu, 01 Jan 2026 00:00:00 GMT");
  EXPECT_EQ(cache.at(start + 1s), "Thu, 01 Jan 2026 00:00:01 GMT");
  EXPECT_EQ(cache.at(start - 1ms), "Wed, 31 Dec 2025 23:59:59 GMT");
}

std::string response(const ResponseHead& head, std::initializer_list<BodyPart> body) {
  std::string out;
  std::vector<KeptBody> kept;
  append_response(out, kept, head, body);
  EXPECT_TRUE(kept.empty());
  return out;
}

TEST(Response, HasStatusDateAndLength) {
  EXPECT_EQ(response({.status = 200, .date = "D", .headers = "A: b\r\n"}, {"one", "", "two"}),
            "HTTP/1.1 200 OK\r\nDate: D\r\nContent-Length: 6\r\nA: b\r\n\r\nonetwo");
  EXPECT_EQ(response({.status = 299, .date = "D"}, {}), "HTTP/1.1 299 \r\nDate: D\r\nContent-Length: 0\r\n\r\n");
}

TEST(Response, SaysWhatBecomesOfTheConnection) {
  EXPECT_EQ(response({.status = 404, .date = "D", .connection = ConnectionField::close}, {}),
            "HTTP/1.1 404 Not Found\r\nDate: D\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(response({.status = 200, .date = "D", .connection = ConnectionField::keep_alive}, {}),
            "HTTP/1.1 200 OK\r\nDate: D\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n");
}

TEST(Response, LeavesTheBodyOutWhereThereIsNone) {
  EXPECT_EQ(response({.status = 200, .date = "D", .without_body = true}, {"body"}),
            "HTTP/1.1 200 OK\r\nDate: D\r\nContent-Length: 4\r\n\r\n");
  EXPECT_EQ(response({.status = 304, .date = "D"}, {"body"}), "HTTP/1.1 304 Not Modified\r\nDate: D\r\n\r\n");
  EXPECT_EQ(response({.status = 204, .date = "D"}, {}), "HTTP/1.1 204 No Content\r\nDate: D\r\n\r\n");
}

TEST(Response, FollowsWhatIsAlreadyThere) {
  std::string out;
  std::vector<KeptBody> kept;
  append_response(out, kept, {.status = 200, .date = "D"}, {"1"});
  const std::string once = out;
  append_response(out, kept, {.status = 200, .date = "D"}, {"1"});
  EXPECT_EQ(out, once + once);
}

class Waiting : public Deadlines::Entry {};

constexpr SteadyTime kStart{1000s};
constexpr Deadlines::Spans kSpans{75s, 10s, Deadlines::kNever, 20s, 1s};

TEST(Deadlines, ExpireInTheOrderOfTheirPhase) {
  Deadlines deadlines(kSpans);
  Waiting first, second;
  deadlines.enter(first, ConnectionPhase::reading, kStart);
  deadlines.enter(second, ConnectionPhase::reading, kStart + 1s);
  EXPECT_EQ(deadlines.expired(kStart + 10s - 1ns), nullptr);
  EXPECT_EQ(deadlines.expired(kStart + 10s), &first);
  first.leave();
  EXPECT_EQ(deadlines.expired(kStart + 10s), nullptr);
  EXPECT_EQ(deadlines.expired(kStart + 11s), &second);
}

TEST(Deadlines, StartAnewWhenAPhaseIsEnteredAgain) {
  Deadlines deadlines(kSpans);
  Waiting entry;
  deadlines.enter(entry, ConnectionPhase::idle, kStart);
  deadlines.enter(entry, ConnectionPhase::idle, kStart + 50s);
  EXPECT_EQ(deadlines.expired(kStart + 100s), nullptr);
  deadlines.enter(entry, ConnectionPhase::lingering, kStart + 100s);
  EXPECT_EQ(entry.phase(), ConnectionPhase::lingering);
  EXPECT_EQ(deadlines.oldest(ConnectionPhase::idle), nullptr);
  EXPECT_EQ(deadlines.expired(kStart + 101s), &entry);
}

TEST(Deadlines, NeverExpireWhileAHandlerIsAtWork) {
  Deadlines deadlines(kSpans);
  Waiting entry;
  deadlines.enter(entry, ConnectionPhase::answering, kStart);
  EXPECT_EQ(deadlines.expired(kStart + 1000h), nullptr);
  EXPECT_EQ(deadlines.oldest(ConnectionPhase::answering), &entry);
}

TEST(Deadlines, ForgetWhatIsDestroyed) {
  Deadlines deadlines(kSpans);
  {
    Waiting entry;
    deadlines.enter(entry, ConnectionPhase::idle, kStart);
  }
  EXPECT_EQ(deadlines.oldest(ConnectionPhase::idle), nullptr);
}

}  // namespace
}  // namespace wx::http_server
