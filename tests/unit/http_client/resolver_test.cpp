// A name server that does not answer delays its own request no longer than the deadline, and no other request at all.
//
// This program defines the resolver itself, for libcurl as well, because the functions of a program take precedence
// over those of shared libraries.
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <future>
#include <string>

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <netdb.h>

#include "http_client/http_client.hpp"
#include "outcome.hpp"
#include "support/fake_provider.hpp"
#include "support/memory_log.hpp"

namespace {

constexpr const char* kSilentName = "silent.test.invalid";

// Never destroyed, because a resolver's thread may outlive the test.
struct NameServer {
  std::atomic<bool> was_asked = false;
  std::promise<void> asked;
  std::promise<void> answer;
  std::shared_future<void> answered = answer.get_future().share();
  std::promise<void> done;
};
NameServer& name_server() {
  static auto* const server = new NameServer;
  return *server;
}

}  // namespace

extern "C" int getaddrinfo(const char* node, const char* service, const addrinfo* hints, addrinfo** result) {
  if (node != nullptr && std::strcmp(node, kSilentName) == 0) {
    // A resolver may ask several times, once for each family of addresses.
    const bool first = !name_server().was_asked.exchange(true);
    if (first) name_server().asked.set_value();
    name_server().answered.wait();
    if (first) name_server().done.set_value();
    return EAI_AGAIN;
  }
  using Resolve = int (*)(const char*, const char*, const addrinfo*, addrinfo**);
  static const auto resolve = reinterpret_cast<Resolve>(dlsym(RTLD_NEXT, "getaddrinfo"));
  return resolve(node, service, hints, result);
}

namespace wx::http_client {
namespace {

using namespace std::chrono_literals;

TEST(Resolver, ASilentNameServerHoldsUpNobody) {
  const test::FakeProvider provider;
  test::MemoryLog log;
  // A proxy from the environment would resolve the name instead of this program.
  unsetenv("http_proxy");
  unsetenv("all_proxy");
  unsetenv("ALL_PROXY");
  {
    HttpClient client({}, log);
    auto silent = start_get(
        client, {.url = std::string("http://") + kSilentName + "/", .connect_timeout = 400ms, .total_timeout = 800ms});
    ASSERT_EQ(name_server().asked.get_future().wait_for(20s), std::future_status::ready);
    EXPECT_EQ(told(get(client, {.url = provider.url(), .connect_timeout = 3s, .total_timeout = 5s})), "200")
        << "while the name is being resolved";
    EXPECT_EQ(told(wait_for(silent)), "provider-timeout: no connection in time");
    EXPECT_EQ(told(get(client, {.url = provider.url(), .connect_timeout = 3s, .total_timeout = 5s})), "200")
        << "after the request was given up";
  }
  // All of this, including the end of the client, happened before the name server answered.
  name_server().answer.set_value();
  EXPECT_EQ(name_server().done.get_future().wait_for(20s), std::future_status::ready);
}

}  // namespace
}  // namespace wx::http_client
