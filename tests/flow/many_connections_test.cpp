// Ten thousand clients at once. Not run with sanitizers, whose own memory would be measured.
#include <gtest/gtest.h>

#include "base/text.hpp"
#include "flow/load.hpp"
#include "flow/service.hpp"
#include "flow/weather.hpp"
#include "support/open_file_limit.hpp"
#include "support/process_stats.hpp"
#include "support/stall_meter.hpp"

namespace wx::test {
namespace {

constexpr std::size_t kClients = 10'000;

// Connects all clients and sends one request on each connection.
std::vector<HttpClient> connect_all(const Service& service) {
  std::vector<HttpClient> clients;
  clients.reserve(kClients);
  for (std::size_t i = 0; i < kClients; ++i) {
    clients.emplace_back(service.port(), milliseconds(30'000));
    EXPECT_EQ(clients.back().get(kMock).status, 200);
  }
  return clients;
}

TEST(TenThousandClients, AreServedInLittleMemoryAndLeaveNothingBehind) {
  const auto most = OpenFileLimit::current().rlim_max;
  if (most < kClients + 1000) GTEST_SKIP() << "only " << most << " open files are allowed";
  const OpenFileLimit all(most);

  const StallMeter machine;
  const Service service({{"MAX_CONNECTIONS", "20000"}, {"MOCK_DELAY", "1ms"}, {"CACHE_TTL", "1h"}, {"THREADS", "2"}});
  const pid_t pid = service.process().pid();
  const std::size_t files_at_first = open_files(service);
  EXPECT_EQ(service.get(kMock).status, 200);
  ASSERT_TRUE(eventually([&] { return open_files(service) <= files_at_first; })) << "of that client's connection";
  const std::size_t memory_at_first = anonymous_bytes(pid);
  Load healthy(service, 2, kMock);

  std::size_t memory_after_once = 0;
  for (int round = 0; round < 2; ++round) {
    std::vector<HttpClient> clients = connect_all(service);
    EXPECT_GE(open_files(service), files_at_first + kClients);
    const std::size_t each = (anonymous_bytes(pid) - memory_at_first) / kClients;
    RecordProperty("bytes_per_connection", static_cast<int>(each));
    EXPECT_LE(each, std::size_t{12} << 10);

    for (auto& client : clients) client.send("GET", kMock);
    for (auto& client : clients) {
      const Answer answer = client.read();
      ASSERT_EQ(answer.status, 200);
      ASSERT_EQ(answer.header("X-Cache"), "HIT");
    }
    clients.clear();
    EXPECT_TRUE(eventually([&] { return open_files(service) <= files_at_first + 2; }, milliseconds(10'000)))
        << "the healthy clients use two";
    if (round == 0) memory_after_once = anonymous_bytes(pid);
  }
  EXPECT_LE(anonymous_bytes(pid), memory_after_once + (std::size_t{4} << 20))
      << "the second round needs no more memory";

  healthy.finish();
  RecordProperty("slowest_healthy_ms", static_cast<int>(healthy.slowest().count()));
  EXPECT_TRUE(healthy.failures.empty()) << healthy.told();
  for (const auto& [name, phase] : healthy.phases) {
    EXPECT_EQ(phase.seen, (std::map<std::string, int>{{"200 HIT", phase.answers}})) << healthy.told();
  }
  EXPECT_LE(healthy.slowest(), milliseconds(1000) + 4 * machine.worst()) << healthy.told();
}

}  // namespace
}  // namespace wx::test
