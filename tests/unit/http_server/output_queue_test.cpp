// The output of a connection, with large bodies by reference, over a real socket that takes few bytes at a time.
#include "http_server/output_queue.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

namespace wx::http_server {
namespace {

constexpr ResponseHead kHead{.status = 200, .date = "D"};

// A body whose bytes differ by position.
Body body_of(std::size_t size, std::size_t seed) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>('a' + (i * 7 + i / 251 + seed) % 26);
  return bytes;
}

// The same response with all of its body copied.
void append_copied(std::string& out, std::initializer_list<std::string_view> parts) {
  std::string body;
  for (const auto part : parts) body += part;
  std::vector<KeptBody> kept;
  append_response(out, kept, kHead, {body});
}

class OutputQueueTest : public testing::Test {
 protected:
  OutputQueueTest() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()), 0);
    const int small = 4096;
    ::setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
    socket_.assign(asio::ip::tcp::v4(), ends[0]);
    socket_.non_blocking(true);
    client_ = ends[1];
  }
  ~OutputQueueTest() override { ::close(client_); }

  // Reads up to `size` bytes as the client.
  std::string take(std::size_t size) const {
    std::string bytes(size, '\0');
    const auto n = ::recv(client_, bytes.data(), size, 0);
    bytes.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return bytes;
  }

  // Writes until the queue is empty, while the client reads `step` bytes at a time. Returns the bytes that the client
  // got.
  std::string send_all(OutputQueue& queue, std::size_t step) {
    std::string received;
    while (!queue.empty()) {
      error_code error;
      queue.write(socket_, error);
      EXPECT_TRUE(!error || error == asio::error::would_block) << error.message();
      received += take(step);
    }
    for (std::string rest = take(step); !rest.empty(); rest = take(step)) received += rest;
    return received;
  }

  asio::io_context context_{1};
  Buffers buffers_;
  Socket socket_{context_};
  int client_ = -1;
};

TEST_F(OutputQueueTest, SendsHeadsTextsAndBodiesInOrderHoweverTheyAreCut) {
  const Body first = body_of(50'000, 1);
  const Body second = body_of(BodyPart::kSmallestKept, 2);
  const Body small = body_of(BodyPart::kSmallestKept - 1, 3);
  const std::string_view slice = first.view().substr(10'000, 30'000);
  std::string expected;
  append_copied(expected, {"small"});
  append_copied(expected, {"before", first, "after"});
  append_copied(expected, {second, {}, second, small});
  append_copied(expected, {{}, slice, "}"});
  append_copied(expected, {"last"});
  for (const std::size_t step : {1021UZ, 4096UZ, 30'011UZ, 1'000'000UZ}) {
    OutputQueue queue(buffers_);
    queue.append(kHead, {"small"});
    queue.append(kHead, {"before", first, "after"});
    queue.append(kHead, {second, "", second, small});
    queue.append(kHead, {"", {first, slice}, "}"});
    queue.append(kHead, {"last"});
    EXPECT_EQ(queue.size(), expected.size());
    EXPECT_TRUE(send_all(queue, step) == expected) << step;
    EXPECT_EQ(queue.size(), 0U);
  }
}

TEST_F(OutputQueueTest, SendsMoreBodiesThanOneWriteTakes) {
  const Body body = body_of(BodyPart::kSmallestKept, 0);
  OutputQueue queue(buffers_);
  std::string expected;
  for (int i = 0; i < 30; ++i) {
    queue.append(kHead, {body, "end"});
    append_copied(expected, {body, "end"});
  }
  EXPECT_TRUE(send_all(queue, 100'000) == expected);
}

TEST_F(OutputQueueTest, HoldsTheUnsentPartOfABodyAlone) {
  const Body body = body_of(100'000, 0);
  OutputQueue queue(buffers_);
  queue.append(kHead, {body});
  const std::size_t head = queue.size() - body.size();
  std::size_t taken = 0;
  while (!queue.empty()) {
    error_code error;
    const std::size_t before = queue.size();
    queue.write(socket_, error);
    EXPECT_LE(queue.size(), before);
    taken += take(10'000).size();
    EXPECT_LE(queue.size(), head + body.size() - std::min(taken - std::min(taken, head), body.size()));
  }
  EXPECT_EQ(queue.size(), 0U);
}

TEST_F(OutputQueueTest, LosesNothingWhenItFreesMemoryBeforeEachWait) {
  const Body body = body_of(100'000, 0);
  std::string expected;
  append_copied(expected, {body});
  const std::size_t first = expected.size();
  append_copied(expected, {"small"});
  append_copied(expected, {"before", body, "after"});
  append_copied(expected, {body});
  for (const std::size_t step : {1021UZ, 4096UZ, 30'011UZ}) {
    std::string large;  // as an earlier answer leaves it
    large.reserve(8192);
    buffers_.give_back(large);
    OutputQueue queue(buffers_);
    std::string received;
    const auto write_all = [&] {  // as a connection does
      while (!queue.empty()) {
        error_code error;
        while (!error && !queue.empty()) queue.write(socket_, error);
        if (error) queue.shrink();
        received += take(step);
      }
    };
    queue.append(kHead, {body});
    write_all();
    EXPECT_EQ(queue.size(), 0U) << step << ": it is empty only when everything is written";
    while (received.size() < first) {
      const std::string rest = take(step);
      if (rest.empty()) break;
      received += rest;
    }
    EXPECT_EQ(received.size(), first) << step;
    queue.append(kHead, {"small"});
    queue.append(kHead, {"before", body, "after"});
    queue.append(kHead, {body});
    write_all();
    for (std::string rest = take(step); !rest.empty(); rest = take(step)) received += rest;
    EXPECT_TRUE(received == expected) << step << ": " << received.size() << " of " << expected.size();
  }
}

TEST_F(OutputQueueTest, ChangesNothingWhenTheSocketTakesNothing) {
  OutputQueue queue(buffers_);
  queue.append(kHead, {body_of(100'000, 0)});
  error_code error;
  while (!error) queue.write(socket_, error);
  EXPECT_EQ(error, asio::error::would_block);
  const std::size_t left = queue.size();
  queue.write(socket_, error);
  EXPECT_EQ(error, asio::error::would_block);
  EXPECT_EQ(queue.size(), left);
  queue.clear();
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.size(), 0U);
}

// --- Copies and references ---

TEST(Response, KeepsLargeBodiesByReferenceAndCopiesTexts) {
  const Body body = body_of(20'000, 0);
  const std::string text(20'000, 'x');
  std::string out;
  std::vector<KeptBody> kept;
  append_response(out, kept, kHead, {"a", body, text, {body, body.view().substr(1)}, "z"});
  ASSERT_EQ(kept.size(), 2U);
  EXPECT_EQ(kept[0].body.view().data(), body.view().data());
  EXPECT_EQ(kept[0].body.size(), 20'000U);
  EXPECT_EQ(kept[1].body.view().data(), body.view().data() + 1);
  EXPECT_EQ(kept[1].body.size(), 19'999U);
  EXPECT_EQ(kept[1].position - kept[0].position, text.size());
  EXPECT_TRUE(out.contains("Content-Length: 60001\r\n"));
  EXPECT_TRUE(std::string_view(out).substr(0, kept[0].position).ends_with("\r\n\r\na"));
  EXPECT_EQ(std::string_view(out).substr(kept[1].position), "z");
}

TEST(Response, CopiesBodiesBelowTheLimit) {
  std::string out;
  std::vector<KeptBody> kept;
  append_response(out, kept, kHead, {body_of(BodyPart::kSmallestKept - 1, 0)});
  EXPECT_TRUE(kept.empty());
  append_response(out, kept, kHead, {body_of(BodyPart::kSmallestKept, 0)});
  EXPECT_EQ(kept.size(), 1U);
}

TEST(Response, KeepsNoBodyWhereNoneIsSent) {
  const Body body = body_of(20'000, 0);
  std::string out;
  std::vector<KeptBody> kept;
  append_response(out, kept, {.status = 200, .date = "D", .without_body = true}, {body});
  EXPECT_EQ(out, "HTTP/1.1 200 OK\r\nDate: D\r\nContent-Length: 20000\r\n\r\n");
  append_response(out, kept, {.status = 304, .date = "D"}, {body});
  EXPECT_TRUE(kept.empty());
}

}  // namespace
}  // namespace wx::http_server
