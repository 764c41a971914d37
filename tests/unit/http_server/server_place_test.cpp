// Places for new connections when all are taken: who makes place, and what becomes of those for whom there is none.
#include <gmock/gmock.h>

#include "loopback.hpp"

namespace wx::http_server {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::string_view kAsk = "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n";

ServerOptions one_place() {
  ServerOptions options;
  options.max_connections = 1;
  return options;
}

// Takes the only place with a request under way.
std::unique_ptr<Client> busy_client(Loopback& loopback) {
  auto client = std::make_unique<Client>(loopback.port);
  client->send("GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
  loopback.wait_for_later(1);
  return client;
}

std::unique_ptr<Client> silent_client(Loopback& loopback) {
  const std::size_t before = loopback.server().open_connections();
  auto client = std::make_unique<Client>(loopback.port);
  EXPECT_TRUE(eventually([&] { return loopback.server().open_connections() == before + 1; }));
  return client;
}

TEST(ServerPlaces, AreMadeByConnectionsThatHoldOne) {
  Loopback loopback(one_place());
  const auto busy = busy_client(loopback);
  const auto above = silent_client(loopback);
  EXPECT_THAT(Client(loopback.port).ask("/echo"), StartsWith("HTTP/1.1 503 "));
  EXPECT_EQ(loopback.metrics.value(observability::Counter::http_closed_for_place), 0U);
  EXPECT_THAT(above->ask("/echo"), StartsWith("HTTP/1.1 503 ")) << "it was not closed in vain";
}

TEST(ServerPlaces, AreMadeByClientsThatHaveGone) {
  Loopback loopback(one_place());
  auto busy = busy_client(loopback);
  const auto gone = [&] { return loopback.metrics.value(observability::Counter::http_clients_gone) == 1; };
  busy.reset();
  ASSERT_TRUE(eventually(gone));
  EXPECT_THAT(Client(loopback.port).ask("/echo"), StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(loopback.metrics.value(observability::Counter::http_closed_for_place), 1U);
}

TEST(ServerPlaces, AreNotTakenFromAClientThatStillReadsIfAnotherIsIdle) {
  auto options = one_place();
  options.max_connections = 2;
  Loopback loopback(options);
  const auto half_closed = busy_client(loopback);
  half_closed->finish_sending();
  const auto idle = silent_client(loopback);
  EXPECT_THAT(Client(loopback.port).ask("/echo"), StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(idle->everything(), "");
  loopback.on_thread([&] { loopback.later[0].respond(200, "", {"at last"}); });
  EXPECT_THAT(half_closed->everything(), StartsWith("HTTP/1.1 200 "));
}

TEST(ServerPlaces, AboveTheLimitThatAreLostCountAsRefused) {
  auto options = one_place();
  options.surplus.answered_here = 1;
  Loopback loopback(options);
  const auto refused = [&] { return loopback.metrics.value(observability::Counter::http_connections_refused); };
  const auto busy = busy_client(loopback);
  const auto pushed_out = silent_client(loopback);
  Client second(loopback.port);
  EXPECT_EQ(pushed_out->everything(), "");
  EXPECT_EQ(refused(), 1U);
  loopback.on_thread([] {});  // the second has its place
  loopback.clock.advance(ServerOptions().surplus_timeout);
  EXPECT_EQ(second.everything(), "");
  EXPECT_EQ(refused(), 2U);
  EXPECT_EQ(loopback.metrics.value(observability::Counter::http_closed_for_place), 0U);
}

TEST(ServerPlaces, AboveTheLimitAreSoonGivenBack) {
  Loopback loopback(one_place());
  const auto busy = busy_client(loopback);
  const auto silent = silent_client(loopback);
  const auto slow = silent_client(loopback);
  slow->send("GET /echo HT");
  loopback.on_thread([] {});
  loopback.clock.advance(ServerOptions().surplus_timeout - 1ms);
  EXPECT_FALSE(silent->readable(600ms)) << "for two checks of the deadlines";
  loopback.clock.advance(1ms);
  EXPECT_EQ(silent->everything(), "");
  EXPECT_THAT(slow->everything(), AllOf(StartsWith("HTTP/1.1 408 "), HasSubstr("Connection: close")));
}

// A server whose thread never goes on with a search that was posted to it.
class StuckMember final : public ConnectionBudget::Member {
 public:
  bool give_place(const ConnectionBudget::Search& /*search*/) noexcept override {
    ++asked;
    return true;
  }
  bool on_searched(std::uint64_t /*id*/, bool /*found*/) noexcept override { return true; }
  std::atomic<int> asked{0};
};

// A server that shares the budget with a stuck one, and has no place itself.
struct BesideAStuckServer {
  BesideAStuckServer() {
    options.budget = std::make_shared<ConnectionBudget>(0);
    options.budget->join(stuck);
  }
  ~BesideAStuckServer() { options.budget->leave(stuck); }
  // A client for which a place is being searched.
  std::unique_ptr<Client> ask(const Loopback& loopback) {
    auto client = std::make_unique<Client>(loopback.port);
    client->send(kAsk);
    EXPECT_TRUE(eventually([&] { return stuck.asked == 1; }));
    return client;
  }

  ServerOptions options;
  StuckMember stuck;
};

TEST(ServerPlaces, WhoseSearchIsLostAreRefused) {
  BesideAStuckServer beside;
  Loopback loopback(beside.options);
  const auto client = beside.ask(loopback);
  EXPECT_TRUE(eventually([&] {
    loopback.clock.advance(250ms);
    return client->readable(20ms);
  }));
  EXPECT_THAT(client->everything(), AllOf(StartsWith("HTTP/1.1 503 "), EndsWith("overloaded: ")));
}

TEST(ServerPlaces, ThatAreSearchedAtADrainAreRefused) {
  BesideAStuckServer beside;
  Loopback loopback(beside.options);
  const auto client = beside.ask(loopback);
  loopback.on_thread([&] { loopback.server().drain(); });
  EXPECT_THAT(client->everything(), AllOf(StartsWith("HTTP/1.1 503 "), HasSubstr("Connection: close")));
}

// A server whose thread takes no work: no memory is left for it.
class DeafMember final : public ConnectionBudget::Member {
 public:
  bool give_place(const ConnectionBudget::Search& /*search*/) noexcept override { return false; }
  bool on_searched(std::uint64_t /*id*/, bool found) noexcept override {
    ++answers;
    found_one = found;
    return takes;
  }
  bool takes = false;
  bool found_one = false;
  int answers = 0;
};

TEST(ConnectionBudget, AsksTheNextMemberIfOneCannotBeAsked) {
  ConnectionBudget budget(0);
  DeafMember asker;
  DeafMember deaf;
  StuckMember next;
  for (ConnectionBudget::Member* member :
       {static_cast<ConnectionBudget::Member*>(&asker), static_cast<ConnectionBudget::Member*>(&deaf),
        static_cast<ConnectionBudget::Member*>(&next)}) {
    budget.join(*member);
  }
  budget.search_on({.asker = &asker, .id = 1});
  EXPECT_EQ(next.asked, 1);
  EXPECT_EQ(asker.answers, 0);
  budget.leave(next);
  budget.search_on({.asker = &asker, .id = 2});
  EXPECT_EQ(asker.answers, 1) << "nobody else can be asked";
  EXPECT_FALSE(asker.found_one);
}

TEST(ConnectionBudget, TakesAPlaceBackThatItsAskerCannotTake) {
  ConnectionBudget budget(1);
  DeafMember asker;
  budget.join(asker);
  budget.search_on({.asker = &asker, .id = 1});
  EXPECT_TRUE(asker.found_one);
  EXPECT_EQ(budget.open(), 0U);
  asker.takes = true;
  budget.search_on({.asker = &asker, .id = 2});
  EXPECT_EQ(budget.open(), 1U);
}

}  // namespace
}  // namespace wx::http_server
