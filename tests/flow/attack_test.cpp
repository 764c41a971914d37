// Malicious or badly broken clients. Each gets one answer or none, and healthy clients beside them notice nothing.
#include <random>

#include <gtest/gtest.h>
#include <sys/resource.h>

#include "base/text.hpp"
#include "flow/load.hpp"
#include "flow/service.hpp"
#include "flow/weather.hpp"
#include "support/open_file_limit.hpp"
#include "support/process_stats.hpp"
#include "support/stall_meter.hpp"
#include "support/waiting.hpp"

namespace wx::test {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view kHost = "Host: x\r\n";
constexpr std::string_view kSmuggled = "GET /weather?lat=66&lon=66&mock=true HTTP/1.1\r\nHost: x\r\n\r\n";

// All bytes until the connection ends, even by a reset.
std::string all_of(Socket& socket, milliseconds timeout = milliseconds(5000 * kSlowdown)) {
  std::string all;
  try {
    while (true) {
      const std::string more = socket.read_some(timeout);
      if (more.empty()) return all;
      all += more;
    }
  } catch (const SocketError& error) {
    const bool late = std::string_view(error.what()).contains("no progress");
    return late ? all + "<still open>" : all;
  }
}

// The number of status lines. A body may mention HTTP/1.1, too.
int answers_in(std::string_view bytes) {
  constexpr std::string_view kLine = "HTTP/1.1 ";
  int count = 0;
  for (auto at = bytes.find(kLine); at != std::string_view::npos; at = bytes.find(kLine, at + 1)) {
    const auto code = at + kLine.size();
    if (code < bytes.size() && bytes[code] >= '0' && bytes[code] <= '9') ++count;
  }
  return count;
}

// A service with four healthy clients. It must serve them at once as long as this object lives, and in the end have as
// few open files as before.
class UnderAttack : public testing::Test {
 protected:
  void begin(Settings settings = {}) {
    settings.emplace("MOCK_DELAY", "1ms");
    settings.emplace("CACHE_TTL", "1h");
    settings.emplace("REQUEST_TIMEOUT", "1s");
    settings.emplace("THREADS", "2");
    settings.emplace("ASAN_OPTIONS", lean_sanitizer());
    service_ = std::make_unique<Service>(settings);
    files_ = open_files(*service_);
    ASSERT_EQ(service_->get(kMock).status, 200);
    ASSERT_TRUE(eventually([&] { return open_files(*service_) <= files_; })) << "of that client's connection";
    memory_ = anonymous_bytes(pid());
    healthy_ = std::make_unique<Load>(*service_, 4, kMock);
    ASSERT_TRUE(eventually([&] { return open_files(*service_) >= files_ + 4; }));
    ASSERT_TRUE(healthy_->go_on(2));
  }
  void TearDown() override {
    if (!service_) return;
    if (healthy_) check_the_healthy();
    EXPECT_TRUE(eventually([&] { return open_files(*service_) <= files_; }, milliseconds(5000) * kSlowdown))
        << open_files(*service_) << " files instead of " << files_;
    RecordProperty("grown_kib", static_cast<int>(grown() / 1024));
  }

  void check_the_healthy() {
    EXPECT_TRUE(healthy_->go_on(4)) << "after the attack";
    healthy_->finish();
    EXPECT_TRUE(healthy_->failures.empty()) << healthy_->told();
    for (const auto& [name, phase] : healthy_->phases) {
      EXPECT_EQ(phase.seen, (std::map<std::string, int>{{"200 HIT", phase.answers}})) << healthy_->told();
    }
    EXPECT_LE(healthy_->slowest(), milliseconds(250) * kSlowdown + 4 * machine_.worst()) << healthy_->told();
    RecordProperty("slowest_ms", static_cast<int>(healthy_->slowest().count()));
  }

  [[nodiscard]] pid_t pid() const { return service_->process().pid(); }
  [[nodiscard]] std::uint16_t port() const { return service_->port(); }
  // The growth of memory since the start.
  [[nodiscard]] std::size_t grown() const {
    const std::size_t now = anonymous_bytes(pid());
    return now > memory_ ? now - memory_ : 0;
  }
  Socket connect() const { return Socket::connect(port(), milliseconds(5000) * kSlowdown); }

  std::unique_ptr<Service> service_;
  std::unique_ptr<Load> healthy_;
  const StallMeter machine_;
  std::size_t files_ = 0;
  std::size_t memory_ = 0;
};

constexpr std::size_t kMuchMemory = std::size_t{16 * kSlowdown} << 20;

TEST_F(UnderAttack, ByWhatOthersMightReadDifferentlyItAnswersOnceAndCloses) {
  begin();
  std::vector<std::string> attacks;
  const auto with_fields = [&](std::string_view fields, std::string_view body = "") {
    attacks.push_back(cat("GET / HTTP/1.1\r\n", kHost, fields, "\r\n", body));
    attacks.push_back(cat("POST /lab/stampede?n=1 HTTP/1.1\r\n", kHost, fields, "\r\n", body));
  };
  // Two framings in one head, in many disguises.
  with_fields("Content-Length: 6\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\nG");
  with_fields("Transfer-Encoding: chunked\r\nContent-Length: 6\r\n", "0\r\n\r\nG");
  with_fields("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "0\r\n\r\n");
  for (const std::string_view coding : {"Transfer-Encoding: xchunked",
                                        "Transfer-Encoding : chunked",
                                        "Transfer-Encoding\t:chunked",
                                        " Transfer-Encoding: chunked",
                                        "X: y\r\n Transfer-Encoding: chunked",
                                        "X: y\nTransfer-Encoding: chunked",
                                        "X: y\rTransfer-Encoding: chunked",
                                        "Transfer-Encoding: chunked, identity",
                                        "Transfer-Encoding: \"chunked\"",
                                        "Transfer-Encoding:",
                                        "Transfer-Encoding: gzip, chunked",
                                        "Content-Encoding: x\r\n\tTransfer-Encoding: chunked",
                                        "Content-Length: 1\r\nContent-Length: 0",
                                        "Content-Length: 0\r\nContent-Length: 0",
                                        "Content-Length: 0,0",
                                        "Content-Length: 00000000000000000000000000000000001",
                                        "Content-Length: 18446744073709551617",
                                        "Content-Length: 0x0",
                                        "Content-Length: -0",
                                        "Content-Length: +0",
                                        "Content-Length: 0 0",
                                        "Content-Length:",
                                        "Content-Length : 0",
                                        "Content-Length: 1_0",
                                        "Content-Length: 5"}) {
    with_fields(cat(coding, "\r\n"), "0\r\n\r\n");
  }
  for (const std::string_view coding :
       {"Transfer-Encoding:\tchunked", "transfer-encoding: Chunked", "TRANSFER-ENCODING: chunked"}) {
    for (const std::string_view body :
         {"1\r\nG\r\n0\r\n\r\n", "0x0\r\n\r\n", "0 \r\n\r\n", "0\n\n", "0\r\n folded\r\n\r\n"}) {
      with_fields(cat(coding, "\r\n"), body);
    }
  }
  // Heads that are invalid.
  for (const std::string_view head : {"GET / HTTP/1.1\nHost: x\n\n",
                                      "GET / HTTP/1.1\r\nHost: x\n\r\n",
                                      "GET / HTTP/1.1\rHost: x\r\r",
                                      "GET / HTTP/1.1\r\nHost: x\r\nA\r\n\r\n",
                                      "GET / HTTP/1.1\r\nHost: x\r\n: b\r\n\r\n",
                                      "GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n",
                                      "GET / HTTP/1.1\r\nHost: x\r\nA(: b\r\n\r\n",
                                      "GET  / HTTP/1.1\r\nHost: x\r\n\r\n",
                                      "GET / HTTP/1.1 \r\nHost: x\r\n\r\n",
                                      " GET / HTTP/1.1\r\nHost: x\r\n\r\n",
                                      "GET /\r\nHost: x\r\n\r\n",
                                      "GET / HTTP/1.10\r\nHost: x\r\n\r\n",
                                      "GET / http/1.1\r\nHost: x\r\n\r\n",
                                      "GET / HTTP/0.9\r\nHost: x\r\n\r\n",
                                      "GET http:// HTTP/1.1\r\nHost: x\r\n\r\n",
                                      "GET ftp://x/ HTTP/1.1\r\nHost: x\r\n\r\n",
                                      "GET http://user@x/ HTTP/1.1\r\nHost: \r\nHost: x\r\n\r\n",
                                      "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
                                      "GET / HTTP/1.1\r\nHost: x, y\r\n\r\n",
                                      "GET / HTTP/1.1\r\nHost: x/y\r\n\r\n",
                                      "GET / HTTP/1.1\r\n\r\n",
                                      "CONNECT x HTTP/1.1\r\nHost: x:80\r\n\r\n",
                                      "GET / HTTP/1.1\r\nHost: [x]\r\n\r\n",
                                      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
                                      "GET * HTTP/1.1\r\nHost: x\r\n\r\n",
                                      "G\x01T / HTTP/1.1\r\nHost: x\r\n\r\n",
                                      "\x16\x03\x01\x02\x01\x01\r\n\r\n"}) {
    attacks.emplace_back(head);
  }
  attacks.push_back(cat("GET / HTTP/1.1\r\n", kHost, "A: ", std::string(1, '\0'), "\r\n\r\n"));
  attacks.push_back(cat("GET /", std::string(1 << 14, 'a'), " HTTP/1.1\r\n", kHost, "\r\n"));
  attacks.push_back(cat("GET / HTTP/1.1\r\n", kHost, "A: ", std::string(1 << 15, 'a'), "\r\n\r\n"));
  attacks.push_back(cat("GET / HTTP/1.1\r\n", kHost, std::string(1 << 15, 'a'), ": a\r\n\r\n"));

  for (const std::string& attack : attacks) {
    for (const bool in_pieces : {false, true}) {
      SCOPED_TRACE(cat(in_pieces ? "in pieces: " : "", attack.substr(0, 120)));
      Socket socket = connect();
      try {
        const std::string bytes = cat(attack, kSmuggled);
        for (std::size_t at = 0; at < bytes.size(); at += in_pieces ? 7 : bytes.size()) {
          socket.write(std::string_view(bytes).substr(at, in_pieces ? 7 : bytes.size()), milliseconds(5000));
          if (bytes.size() > 2000) break;
        }
        if (bytes.size() > 2000) socket.write(std::string_view(bytes).substr(in_pieces ? 7 : 0), milliseconds(5000));
      } catch (const SocketError&) {
        // The server closed before it had read everything.
      }
      const std::string answer = all_of(socket);
      EXPECT_EQ(answers_in(answer), 1) << answer;
      EXPECT_TRUE(answer.starts_with("HTTP/1.1 4") || answer.starts_with("HTTP/1.1 501") ||
                  answer.starts_with("HTTP/1.1 505"))
          << answer.substr(0, 60);
      EXPECT_TRUE(answer.contains("Connection: close\r\n")) << answer;
      EXPECT_FALSE(answer.contains("<still open>"));
    }
  }
  EXPECT_FALSE(service_->get("/weather?lat=66&lon=66&mock=true").header("X-Cache") == "HIT")
      << "a smuggled request was served";
}

TEST_F(UnderAttack, ByRandomBytesItAnswersAtMostOnceAndCloses) {
  begin();
  std::mt19937_64 random(20260101);
  for (int round = 0; round < 300; ++round) {
    std::string bytes = round % 3 == 0 ? std::string(kSmuggled) : std::string();
    for (auto left = random() % 3000; left > 0; --left) bytes.push_back(static_cast<char>(random()));
    Socket socket = connect();
    socket.write(bytes, milliseconds(5000));
    if (round % 2 == 0) socket.shutdown_write();
    EXPECT_LE(answers_in(all_of(socket)), 2) << "round " << round;
  }
  EXPECT_LE(grown(), kMuchMemory);
}

TEST_F(UnderAttack, BySlowHeadersItHangsUpInTime) {
  begin();
  std::vector<Socket> slow;
  for (int i = 0; i < 200; ++i) slow.push_back(connect());
  const auto begin = Clock::now();
  std::vector<bool> open(slow.size(), true);
  for (int round = 0; round < 12; ++round) {
    for (std::size_t i = 0; i < slow.size(); ++i) {
      if (!open[i]) continue;
      try {
        slow[i].write(round == 0 ? "GET / HTTP/1.1\r\nX-" : "a: b\r\nX-", milliseconds(100) * kSlowdown);
      } catch (const SocketError&) {
        open[i] = false;
      }
    }
    // The attackers' pace. Twelve times this is more than REQUEST_TIMEOUT (1 s); a late thread only makes it longer.
    std::this_thread::sleep_for(milliseconds(150));
  }
  int told = 0;
  for (Socket& socket : slow) {
    if (all_of(socket, milliseconds(10)).starts_with("HTTP/1.1 408")) ++told;
  }
  EXPECT_GT(told, 150) << "a reset may destroy a few answers";
  EXPECT_LT(Clock::now() - begin, milliseconds(6000) * kSlowdown);
  EXPECT_LE(grown(), kMuchMemory);
}

TEST_F(UnderAttack, ByHeadersWithoutEndItStopsReading) {
  begin();
  std::atomic<int> told{0};
  std::vector<std::jthread> threads;
  for (int i = 0; i < 20; ++i) {
    threads.emplace_back([&] {
      Socket socket = connect();
      const std::string line = cat("X-", std::string(100, 'a'), ": ", std::string(900, 'b'), "\r\n");
      try {
        socket.write("GET / HTTP/1.1\r\nHost: x\r\n", milliseconds(1000));
        for (int sent = 0; sent < 20'000; ++sent) socket.write(line, milliseconds(1000) * kSlowdown);
        ADD_FAILURE() << "20 MB of headers were accepted";
      } catch (const SocketError&) {
        // Expected. The reset may destroy an answer that was sent before it.
      }
      ++told;
    });
  }
  threads.clear();
  EXPECT_EQ(told, 20);
  EXPECT_LE(grown(), kMuchMemory);
}

TEST_F(UnderAttack, ByRequestsWithoutReadingItKeepsNothingForThem) {
  begin();
  std::vector<Socket> deaf;
  const std::string page = "GET / HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\n\r\n";
  std::string many;
  for (int i = 0; i < 2000; ++i) many += page;
  for (int i = 0; i < 40; ++i) {
    deaf.push_back(connect());
    try {
      for (int k = 0; k < 400; ++k) deaf.back().write(many, milliseconds(10));  // until the socket takes no more
    } catch (const SocketError&) {
      continue;
    }
    ADD_FAILURE() << "800,000 requests were accepted although no answer was read";
  }
  EXPECT_LE(grown(), kMuchMemory + (std::size_t{40} << 16) * 2);
  for (Socket& socket : deaf) socket.reset();
}

// Each of those that stay holds the 16 KiB that the kernel takes for a client (listen_socket.cpp) at least.
TEST_F(UnderAttack, ByManyThatDoNotReadItKeepsWithinItsMemoryForConnections) {
  begin({{"CONNECTION_MEMORY", "4MiB"}, {"MAX_CONNECTIONS", "2000"}});
  constexpr std::size_t kMostThatStay = std::size_t{4 * 1024} / 16;
  std::string many;
  for (int i = 0; i < 50; ++i) many += "GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n";
  std::vector<Socket> deaf;
  for (int i = 0; i < 600; ++i) {
    deaf.push_back(connect());
    deaf.back().write(many, milliseconds(5000) * kSlowdown);
    if (i % 3 == 0) deaf.back().shutdown_write();
  }
  EXPECT_TRUE(eventually([&] { return open_files(*service_) <= files_ + 4 + kMostThatStay; })) << open_files(*service_);
  EXPECT_LE(grown(), kMuchMemory);
  EXPECT_GT(metric(*service_, R"(weather_cache_http_connections_cut_total{reason="memory"})"), 0);
  for (Socket& socket : deaf) socket.reset();
}

TEST_F(UnderAttack, ByFloodsOfPipelinedRequestsItAnswersEachInOrder) {
  begin();
  in_parallel(4, [&](std::size_t who) {
    HttpClient client(port(), milliseconds(30'000));
    const std::jthread writer([&] {
      for (int i = 0; i < 2000; ++i) {
        client.send_raw(
            cat("GET /weather?lat=x", i, "&lon=1 HTTP/1.1\r\nHost: x\r\nX-Request-Id: r", who, "-", i, "\r\n\r\n"));
      }
    });
    for (int i = 0; i < 2000; ++i) {
      const Answer answer = client.read();
      ASSERT_EQ(answer.status, 400);
      ASSERT_EQ(answer.header("X-Request-Id"), cat("r", who, "-", i));
    }
  });
  EXPECT_LE(grown(), kMuchMemory);
}

TEST_F(UnderAttack, ByClientsThatCloseHalfOrAllAtAnyMomentItLosesNothing) {
  begin();
  const std::string request = cat("GET ", kMock, " HTTP/1.1\r\nHost: x\r\n\r\n");
  for (int round = 0; round < 400; ++round) {
    Socket socket = connect();
    const bool whole = round % 4 == 0;
    socket.write(
        std::string_view(request).substr(0, whole ? request.size() : static_cast<std::size_t>(round) % request.size()),
        milliseconds(1000));
    if (round % 3 == 0) {
      socket.reset();
      continue;
    }
    socket.shutdown_write();
    const std::string answer = all_of(socket);
    EXPECT_EQ(answers_in(answer), whole ? 1 : 0) << "round " << round << ": " << answer;
    EXPECT_FALSE(answer.contains("<still open>"));
  }
  EXPECT_LE(grown(), kMuchMemory);
}

TEST_F(UnderAttack, ByTwiceAsManyClientsAsAllowedItServesThoseItHas) {
  begin({{"MAX_CONNECTIONS", "200"}, {"REQUEST_TIMEOUT", "10s"}});
  // Between their requests, the healthy clients would have to make place for others.
  healthy_->finish();
  healthy_.reset();
  // All in the middle of a request.
  std::vector<std::unique_ptr<HttpClient>> clients;
  const std::string request = cat("GET ", kMock, " HTTP/1.1\r\nHost: x\r\n");
  for (int i = 0; i < 200; ++i) {
    clients.push_back(std::make_unique<HttpClient>(port()));
    clients.back()->send_raw(request);
  }
  // Closing without an answer is a refusal, too.
  const auto status_of_one_more = [&]() -> std::optional<int> {
    try {
      return HttpClient(port()).get(kMock).status;
    } catch (const SocketError&) {
      return std::nullopt;
    }
  };
  ASSERT_TRUE(eventually([&] { return status_of_one_more() == 503; }, milliseconds(5000) * kSlowdown));
  for (int i = 0; i < 200; ++i) {
    const auto status = status_of_one_more();
    if (!status) continue;
    EXPECT_EQ(*status, 503);
    EXPECT_EQ(service_->get("/health/live").status, 200) << "places are kept for the health checks";
  }
  // Connections that were accepted stay open.
  for (const auto& client : clients) {
    client->send_raw("\r\n");
    EXPECT_EQ(client->read().status, 200);
  }
  const std::string log = service_->log();
  EXPECT_TRUE(log.contains("new connections are refused")) << log;
  EXPECT_LE(std::ranges::count(log, '\n'), 50) << "refusals are sampled: " << log;
  clients.clear();
  ASSERT_TRUE(eventually([&] { return status_of_one_more() == 200; })) << "for the metrics";
}

TEST_F(UnderAttack, WithoutFileDescriptorsItWaitsCalmlyForThem) {
  begin();
  const auto limit = [&](rlim_t files) {
    rlimit now{};
    ASSERT_EQ(prlimit(pid(), RLIMIT_NOFILE, nullptr, &now), 0);
    now.rlim_cur = files;
    ASSERT_EQ(prlimit(pid(), RLIMIT_NOFILE, &now, nullptr), 0);
  };
  rlimit before{};
  ASSERT_EQ(prlimit(pid(), RLIMIT_NOFILE, nullptr, &before), 0);
  limit(open_files(*service_) + 10);
  std::vector<std::unique_ptr<HttpClient>> clients;
  for (int i = 0; i < 40; ++i) {  // the kernel accepts all of them, the service only 10
    clients.push_back(std::make_unique<HttpClient>(port()));
    clients.back()->send("GET", kMock);
  }
  const auto cpu = cpu_time(pid());
  std::this_thread::sleep_for(milliseconds(1000));  // real time, because its CPU time is what is measured
  EXPECT_LE(cpu_time(pid()) - cpu, milliseconds(400) * kSlowdown) << "it spins";
  EXPECT_TRUE(service_->log().contains("file descriptors")) << service_->log();
  limit(before.rlim_cur);
  for (auto& client : clients) EXPECT_EQ(client->read().status, 200);
  clients.clear();
  const auto end = Clock::now() + milliseconds(5000);
  while (!service_->log().contains("new connections are accepted again") && Clock::now() < end)
    (void)service_->get(kMock);
  EXPECT_TRUE(service_->log().contains("new connections are accepted again")) << service_->log();
}

// --- At start ---

TEST(FileLimit, IsRaisedToWhatTheSystemAllows) {
  const rlimit own = OpenFileLimit::current();
  const OpenFileLimit low(256);
  const Service service;  // inherits the limit
  rlimit its{};
  ASSERT_EQ(prlimit(service.process().pid(), RLIMIT_NOFILE, nullptr, &its), 0);
  EXPECT_EQ(its.rlim_cur, own.rlim_max);
  EXPECT_EQ(its.rlim_max, own.rlim_max);
}

TEST(FileLimit, ThatLowersTheNumberOfConnectionsIsTold) {
  const Service enough({{"MAX_CONNECTIONS", "50"}, {"LOG_FORMAT", "json"}});
  EXPECT_EQ(json_at(enough.start_line(), "/max_connections"), "50") << enough.start_line();
  const auto few =
      run_with_files(200, {{"PORT", "0"}, {"ADDRESS", "127.0.0.1"}, {"MAX_CONNECTIONS", "1000"}, {"THREADS", "2"}});
  const auto line = few->wait_for_line("http://", milliseconds(15000) * kSlowdown);
  ASSERT_TRUE(line) << few->output();
  // A quarter of the files is for other things, and 17 for each thread are for connections that have no place.
  EXPECT_TRUE(line->contains("116 (MAX_CONNECTIONS=1000 does not fit into the limit of 200 open files)")) << *line;
}

}  // namespace
}  // namespace wx::test
