// The Redis tier over a real redis-server.
#include "cache/redis_tier.hpp"

#include <atomic>

#include <gtest/gtest.h>

#include "base/asio_executor.hpp"
#include "base/async.hpp"
#include "base/text.hpp"
#include "cache/codec.hpp"
#include "redis/common.hpp"
#include "support/allocations.hpp"
#include "support/fake_clock.hpp"
#include "support/memory_log.hpp"
#include "support/redis_server.hpp"
#include "support/run_until.hpp"
#include "unit/redis/fake_redis.hpp"
#include "unit/redis/options_for.hpp"

namespace wx::cache {
namespace {

using observability::Counter;
using std::chrono::seconds;
using test::run_until;

class RedisTierTest : public testing::Test {
 protected:
  void SetUp() override {
    client_->start();
    run_until(context_, [this] { return client_->state() == redis::ConnectionState::up; });
  }
  void TearDown() override {
    client_->stop();
    context_.poll();
  }

  // Calls `ask` with a callback, and returns the result that the callback receives.
  template <class Value, class Ask>
  Result<Value> result_of(Ask ask) {
    auto result = test::result_of<Value>(context_, std::move(ask));
    return result ? std::move(*result) : fail(ErrorKind::internal);
  }

  Result<std::optional<Entry>> read(std::string_view key) {
    return result_of<std::optional<Entry>>([&](auto done) { tier_.read(key, std::move(done)); });
  }

  void write(std::string_view key, const Entry& entry, bool release = false) {
    const auto result = result_of<void>([&](auto done) { tier_.store(key, entry, release, std::move(done)); });
    ++(result ? writes_ok_ : writes_failed_);
  }

  LeaseView lease(std::string_view key, std::string_view token, milliseconds span = seconds(5)) {
    auto result = result_of<LeaseView>([&](auto done) { tier_.take_lease(key, token, span, std::move(done)); });
    EXPECT_TRUE(result);
    return result ? std::move(*result) : LeaseView{};
  }

  LeaseView look(std::string_view key) {
    auto result = result_of<LeaseView>([&](auto done) { tier_.look(key, std::move(done)); });
    EXPECT_TRUE(result);
    return result ? std::move(*result) : LeaseView{};
  }

  std::uint64_t raise_epoch(std::uint64_t above) {
    return result_of<std::uint64_t>([&](auto done) { tier_.raise_epoch(above, std::move(done)); }).value_or(999);
  }
  std::uint64_t restore_epoch(std::uint64_t ours) {
    return result_of<std::uint64_t>([&](auto done) { tier_.redis_epoch().restore(ours, std::move(done)); })
        .value_or(999);
  }
  EpochKey read_epoch() {
    const auto result = result_of<EpochKey>([&](auto done) { tier_.redis_epoch().read(std::move(done)); });
    EXPECT_TRUE(result);
    return result ? *result : EpochKey{};
  }

  long long ttl_ms(const std::string& key) {
    const auto text = server_.command({"PTTL", key});
    return text ? std::stoll(*text) : -3;
  }

  Entry entry(milliseconds fresh = seconds(10)) const {
    Entry entry;
    entry.body = "{\"latitude\":52.52}";
    entry.content_type = "application/json";
    entry.etag = "5f2a";
    entry.stored_at = clock_.wall();
    entry.spans.fresh_for = fresh;
    return entry;
  }

  test::RedisServer server_;
  test::FakeClock clock_;
  observability::Metrics metrics_;
  test::MemoryLog log_;
  SystemClock real_clock_;
  asio::io_context context_{1};
  std::unique_ptr<Executor> executor_ = make_asio_executor(context_);
  redis::Common common_{redis::test::options_for(server_.url(), seconds(5)), real_clock_, metrics_, log_};
  std::unique_ptr<redis::Client> client_ = std::make_unique<redis::Client>(context_, *executor_, common_);
  RedisTier tier_{*client_, "app1:", clock_, metrics_, log_};
  unsigned writes_ok_ = 0;
  unsigned writes_failed_ = 0;
};

TEST_F(RedisTierTest, GivesBackWhatItStored) {
  write("weather:52.52:13.41", entry());
  EXPECT_EQ(writes_ok_, 1U);
  const auto back = read("weather:52.52:13.41");
  ASSERT_TRUE(back);
  ASSERT_TRUE(*back);
  EXPECT_EQ(**back, entry());
}

TEST_F(RedisTierTest, PutsThePrefixBeforeTheKeyAndAReadableValueBehindIt) {
  write("weather:52.52:13.41", entry());
  EXPECT_EQ(server_.command({"KEYS", "*"}), "app1:weather:52.52:13.41");
  const auto value = server_.command({"GET", "app1:weather:52.52:13.41"});
  ASSERT_TRUE(value);
  EXPECT_TRUE(value->starts_with("wx2 key=weather:52.52:13.41 stored_at=1767225600000 fresh=10000 ")) << *value;
  EXPECT_TRUE(value->ends_with("\n{\"latitude\":52.52}")) << *value;
}

TEST_F(RedisTierTest, FindsNothingWhereNothingIs) {
  const auto back = read("weather:1:2");
  ASSERT_TRUE(back);
  EXPECT_FALSE(*back);
  EXPECT_EQ(metrics_.value(Counter::cache_codec_refused), 0U);
}

TEST_F(RedisTierTest, LetsRedisForgetWhenAllSpansAreOver) {
  auto kept = entry();
  kept.spans = {.fresh_for = seconds(10), .stale_for = seconds(60), .keep_for = seconds(600)};
  write("weather:1:2", kept);
  EXPECT_LE(ttl_ms("app1:weather:1:2"), 670'000);
  EXPECT_GT(ttl_ms("app1:weather:1:2"), 660'000);
}

TEST_F(RedisTierTest, CountsTheTimeSinceItWasStored) {
  auto old = entry();
  old.stored_at -= seconds(4);
  write("weather:1:2", old);
  EXPECT_LE(ttl_ms("app1:weather:1:2"), 6'000);
  EXPECT_GT(ttl_ms("app1:weather:1:2"), 3'000);
}

TEST_F(RedisTierTest, GivesAnEntryFromTheFutureNoLongerLife) {
  auto future = entry();
  future.stored_at += seconds(3600);
  write("weather:1:2", future);
  EXPECT_LE(ttl_ms("app1:weather:1:2"), 10'000);
}

TEST_F(RedisTierTest, DoesNotStoreWhatIsOver) {
  auto over = entry();
  over.stored_at -= seconds(10);
  write("weather:1:2", over);
  write("weather:1:2", entry(milliseconds(0)));
  write("weather:3:4", entry());
  EXPECT_EQ(server_.command({"KEYS", "*"}), "app1:weather:3:4");
  EXPECT_EQ(writes_ok_, 3U) << "expired entries are no failures";
}

TEST_F(RedisTierTest, StoresForAMillisecond) {
  write("weather:1:2", entry(milliseconds(1)));
  EXPECT_EQ(writes_ok_, 1U);
}

TEST_F(RedisTierTest, TellsAnotherVersionsOrADamagedValueFromNothingAndCountsIt) {
  std::string value;
  encode_head("weather:1:2", entry(), value);
  value += entry().body;
  std::string damaged = value;
  damaged.back() = ']';
  std::string of_another_key;
  encode_head("weather:1:3", entry(), of_another_key);
  of_another_key += entry().body;
  std::uint64_t refused = 0;
  for (const auto& other : {"wx1" + value.substr(3), "wx0" + value.substr(3), damaged, of_another_key,
                            value.substr(0, value.size() - 1), std::string("{}"), std::string()}) {
    server_.command({"SET", "app1:weather:1:2", other});
    const auto back = read("weather:1:2");
    ASSERT_TRUE(back && *back);
    EXPECT_EQ((*back)->kind, EntryKind::unreadable);
    EXPECT_EQ(metrics_.value(Counter::cache_codec_refused), ++refused);
  }
}

// --- values of a later version ---

class LaterVersionTest : public RedisTierTest {
 protected:
  static constexpr std::string_view kKey = "weather:1:2";
  static constexpr std::string_view kLater = "wx3 a format of its own\n{}";
  const std::string value_key_{"app1:weather:1:2"};
  const std::string beside_{"app1:weather:wx2:{app1:weather:1:2}"};

  // The value of the later version, which this process has seen.
  void SetUp() override {
    RedisTierTest::SetUp();
    server_.command({"SET", value_key_, std::string(kLater)});
    EXPECT_EQ(found()->kind, EntryKind::unreadable);
  }
  std::optional<Entry> found() { return read(kKey).value_or(std::nullopt); }
};

TEST_F(LaterVersionTest, IsLeftAloneAndOurValueIsBesideIt) {
  write(kKey, entry());
  EXPECT_EQ(server_.command({"GET", value_key_}), kLater);
  EXPECT_NEAR(static_cast<double>(ttl_ms(beside_)), 10'000, 500);
  EXPECT_EQ(found(), entry());
  EXPECT_EQ(look(kKey).entry, entry());
  EXPECT_EQ(lease(kKey, "mine").entry, entry());
}

TEST_F(LaterVersionTest, IsNoDamage) {
  EXPECT_EQ(metrics_.value(Counter::cache_codec_refused), 0U);
  EXPECT_TRUE(tier_.holds_later_version(kKey));
  EXPECT_FALSE(tier_.holds_later_version("weather:1:3"));
}

// A purge, or the end of its spans, while this process believes that it is there.
TEST_F(LaterVersionTest, MayBeGoneWhenTheLeaseIsTaken) {
  write(kKey, entry());
  RedisTier other(*client_, "app1:", clock_, metrics_, log_);
  const auto tombstone = make_tombstone(clock_.wall(), seconds(60));
  ASSERT_TRUE(result_of<void>([&](auto done) { other.bury(kKey, tombstone, std::move(done)); }));
  server_.command({"SET", beside_, "late"});  // a write that was under way
  EXPECT_EQ(lease(kKey, "mine").entry, tombstone);
  EXPECT_FALSE(tier_.holds_later_version(kKey));
  EXPECT_EQ(look(kKey).entry, tombstone);
  EXPECT_EQ(server_.command({"EXISTS", beside_}), "0") << "it would come back with the next later value";
}

TEST_F(LaterVersionTest, MayBeGoneWhileThisProcessWaitsForAnother) {
  server_.command({"DEL", value_key_});
  RedisTier other(*client_, "app1:", clock_, metrics_, log_);
  ASSERT_TRUE(result_of<void>([&](auto done) { other.store(kKey, entry(), false, std::move(done)); }));
  EXPECT_EQ(look(kKey).entry, entry());
  write(kKey, entry());
  EXPECT_EQ(server_.command({"EXISTS", beside_}), "0") << "the key is ours again";
}

TEST_F(LaterVersionTest, IsFoundByAProcessThatHasNotSeenIt) {
  write(kKey, entry());
  RedisTier other(*client_, "app1:", clock_, metrics_, log_);
  const auto seen = result_of<std::optional<Entry>>([&](auto done) { other.read(kKey, std::move(done)); });
  ASSERT_TRUE(seen);
  EXPECT_EQ(*seen, entry());
}

TEST_F(LaterVersionTest, IsLeftAloneByAProcessThatSeesItOnlyWithTheLease) {
  RedisTier other(*client_, "app1:", clock_, metrics_, log_);
  const auto view =
      result_of<LeaseView>([&](auto done) { other.take_lease(kKey, "mine", seconds(5), std::move(done)); });
  ASSERT_TRUE(view && view->won && view->entry);
  EXPECT_EQ(view->entry->kind, EntryKind::unreadable);
  (void)result_of<void>([&](auto done) { other.store(kKey, entry(), true, std::move(done)); });
  EXPECT_EQ(server_.command({"GET", value_key_}), kLater);
  EXPECT_EQ(found(), entry());
}

TEST_F(LaterVersionTest, IsNotReplacedByACopyThatIsPutBack) {
  tier_.put_back(kKey, entry());
  EXPECT_EQ(found(), entry());
  EXPECT_EQ(server_.command({"GET", value_key_}), kLater);
}

TEST_F(LaterVersionTest, IsPurgedWithOurs) {
  write(kKey, entry());
  RedisTier other(*client_, "app1:", clock_, metrics_, log_);  // has not seen it
  ASSERT_TRUE(result_of<void>(
      [&](auto done) { other.bury(kKey, make_tombstone(clock_.wall(), seconds(60)), std::move(done)); }));
  EXPECT_EQ(server_.command({"EXISTS", beside_}), "0");
  EXPECT_EQ(found()->kind, EntryKind::tombstone);
  write(kKey, entry());
  EXPECT_EQ(server_.command({"EXISTS", beside_}), "0") << "the key is ours again";
  EXPECT_EQ(found(), entry());
}

TEST_F(LaterVersionTest, LeavesTheKeyToUsWhenItIsGone) {
  server_.command({"DEL", value_key_});
  EXPECT_FALSE(found());
  write(kKey, entry());
  EXPECT_EQ(server_.command({"EXISTS", beside_}), "0");
}

TEST_F(LaterVersionTest, IsForgottenWhereNobodyAsksForIt) {
  clock_.advance(std::chrono::minutes(6));
  write(kKey, entry());
  EXPECT_EQ(server_.command({"EXISTS", beside_}), "0");
}

// A body is copied once, into the connection's buffer. Each further copy would need a large allocation.
TEST_F(RedisTierTest, CopiesTheBodyOfAStoreOnce) {
  auto large = entry();
  large.body = std::string(2 * test::kLarge, 'x');
  for (const bool release : {false, true}) {
    const auto before = test::large_allocations;
    EXPECT_TRUE(result_of<void>([&](auto done) {
      tier_.store("weather:1:2", large, release, std::move(done));
      EXPECT_EQ(test::large_allocations - before, 1U);
    }));
  }
  const auto back = read("weather:1:2");
  ASSERT_TRUE(back && *back);
  EXPECT_EQ(**back, large);
}

TEST_F(RedisTierTest, ARedisErrorIsNotAMiss) {
  server_.command({"LPUSH", "app1:weather:1:2", "x"});
  const auto back = read("weather:1:2");
  ASSERT_FALSE(back);
  EXPECT_EQ(back.error().kind, ErrorKind::redis_error);
  EXPECT_EQ(metrics_.value(Counter::cache_codec_refused), 0U);
}

TEST_F(RedisTierTest, CountsAWriteThatFailed) {
  server_.command({"CONFIG", "SET", "maxmemory", "1"});
  write("weather:1:2", entry());
  EXPECT_EQ(writes_failed_, 1U);
  EXPECT_EQ(writes_ok_, 0U);
}

TEST_F(RedisTierTest, FailsAtOnceWithoutAConnection) {
  client_->stop();
  const auto back = read("weather:1:2");
  ASSERT_FALSE(back);
  EXPECT_EQ(back.error().kind, ErrorKind::redis_unavailable);
  write("weather:1:2", entry());
  EXPECT_EQ(writes_failed_, 1U);
}

// The tier reuses its buffers for the key and the line, which must not affect commands under way.
TEST_F(RedisTierTest, KeepsManyCommandsUnderWayApart) {
  for (int i = 0; i < 100; ++i) {
    auto one = entry();
    one.body = cat("{\"n\":", i, "}");
    tier_.store(cat("weather:", i, ":0"), one, false, [](const Result<void>&) {});
  }
  struct Seen {
    int matches = 0;
    int answers = 0;
  };
  const auto seen = std::make_shared<Seen>();
  for (int i = 0; i < 100; ++i) {
    tier_.read(cat("weather:", i, ":0"), [seen, i](Result<std::optional<Entry>> got) {
      ++seen->answers;
      if (got && *got && (*got)->body == cat("{\"n\":", i, "}")) ++seen->matches;
    });
  }
  run_until(context_, [&] { return seen->answers == 100; });
  EXPECT_EQ(seen->matches, 100);
}

TEST_F(RedisTierTest, GivesALeaseToOneAndTellsTheOthersHowLong) {
  EXPECT_TRUE(lease("weather:1:2", "mine").won);
  EXPECT_EQ(server_.command({"GET", "app1:weather:lease:{app1:weather:1:2}"}), "mine");
  const auto second = lease("weather:1:2", "yours");
  EXPECT_FALSE(second.won);
  ASSERT_TRUE(second.lease_left);
  EXPECT_GT(*second.lease_left, seconds(3));
  EXPECT_LE(*second.lease_left, seconds(5));
  EXPECT_FALSE(second.entry);
  EXPECT_FALSE(second.failure);
}

// Hosted Redis is billed by the command, and the work of Redis is most of the cost of a miss.
TEST_F(RedisTierTest, ALeaseCostsTwoCommandsAndThreeMoreOnlyWhereAnotherHoldsIt) {
  const auto calls = [&](std::string_view command) {
    const auto stats = server_.command({"INFO", "commandstats"}).value_or("");
    const auto name = cat("cmdstat_", command, ":calls=");
    const auto at = stats.find(name);
    return at == std::string::npos ? 0 : std::stoi(stats.substr(at + name.size()));
  };
  (void)server_.command({"CONFIG", "RESETSTAT"});
  ASSERT_TRUE(lease("weather:1:2", "mine").won);
  EXPECT_EQ(calls("set"), 1);
  EXPECT_EQ(calls("get"), 1);
  EXPECT_EQ(calls("pttl"), 0);
  ASSERT_FALSE(lease("weather:1:2", "yours").won);
  EXPECT_EQ(calls("set"), 2);
  EXPECT_EQ(calls("get"), 4);
  EXPECT_EQ(calls("pttl"), 1);
}

TEST_F(RedisTierTest, ReadsTheValueAgainWithTheLease) {
  write("weather:1:2", entry());
  const auto seen = lease("weather:1:2", "mine");
  EXPECT_TRUE(seen.won);
  EXPECT_EQ(seen.entry, entry());
}

TEST_F(RedisTierTest, StoringGivesTheLeaseBackOnlyIfToldSo) {
  (void)lease("weather:1:2", "mine");
  write("weather:1:2", entry(), false);
  EXPECT_TRUE(look("weather:1:2").lease_left);
  write("weather:1:2", entry(), true);
  EXPECT_FALSE(look("weather:1:2").lease_left);
  EXPECT_TRUE(look("weather:1:2").entry);
}

TEST_F(RedisTierTest, TurnsItsLeaseIntoTheFleetsMemoryOfAFailure) {
  (void)lease("weather:1:2", "mine");
  tier_.store_failure("weather:1:2", {ErrorKind::provider_timeout, 3, seconds(4)});
  const auto seen = lease("weather:1:2", "yours");
  EXPECT_FALSE(seen.won);
  EXPECT_FALSE(seen.lease_left);
  ASSERT_TRUE(seen.failure);
  EXPECT_EQ(seen.failure->kind, ErrorKind::provider_timeout);
  EXPECT_EQ(seen.failure->count, 3);
  EXPECT_GT(seen.failure->left, seconds(2));
  EXPECT_LE(seen.failure->left, seconds(4));
}

TEST_F(RedisTierTest, ReadsAFailureWhateverItsNumber) {
  struct Case {
    const char* number;
    int count;
    std::optional<std::uint64_t> epoch;
  };
  // 1000 * (epoch + 1) + count, or up to 1000 the count of a process of 0.1.0.
  for (const auto& [number, count, epoch] :
       {Case{"3", 3, {}}, Case{"1000", 999, {}}, Case{"1001", 1, 0}, Case{"8003", 3, 7},
        Case{"9007199254740993999", 999, 1ULL << 53}, Case{"18446744073709551615", 615, 18446744073709550}}) {
    server_.command(
        {"SET", "app1:weather:lease:{app1:weather:1:2}", cat("fail:provider-timeout:", number), "PX", "9000"});
    const auto seen = lease("weather:1:2", "yours");
    EXPECT_FALSE(seen.lease_left) << "nobody is loading";
    ASSERT_TRUE(seen.failure) << number;
    EXPECT_EQ(seen.failure->kind, ErrorKind::provider_timeout);
    EXPECT_EQ(seen.failure->count, count) << number;
    EXPECT_EQ(seen.failure->epoch, epoch) << number;
  }
}

TEST_F(RedisTierTest, WritesAFailureThatAProcessOf010Understands) {
  (void)lease("weather:1:2", "mine");
  tier_.store_failure("weather:1:2", {.kind = ErrorKind::provider_timeout, .count = 3, .left = seconds(4), .epoch = 7});
  (void)look("weather:1:2");  // it has arrived
  EXPECT_EQ(server_.command({"GET", "app1:weather:lease:{app1:weather:1:2}"}), "fail:provider-timeout:8003");
}

TEST_F(RedisTierTest, RemembersNoFailureWithoutALease) {
  tier_.store_failure("weather:1:2", {ErrorKind::provider_timeout, 1, seconds(4)});
  EXPECT_TRUE(lease("weather:1:2", "mine").won);
}

TEST_F(RedisTierTest, GivesALeaseBack) {
  (void)lease("weather:1:2", "mine");
  tier_.give_back("weather:1:2");
  EXPECT_TRUE(lease("weather:1:2", "yours").won);
}

TEST_F(RedisTierTest, ErasesAValueAndRaisesTheEpoch) {
  write("weather:1:2", entry());
  EXPECT_TRUE(result_of<void>(
      [&](auto done) { tier_.bury("weather:1:2", make_tombstone(clock_.wall(), seconds(60)), std::move(done)); }));
  EXPECT_EQ((*read("weather:1:2"))->kind, EntryKind::tombstone);
  EXPECT_GT(ttl_ms("app1:weather:1:2"), 50'000);
  const auto first = raise_epoch(0);
  const auto second = raise_epoch(0);
  EXPECT_GT(first, 0U);
  EXPECT_GT(second, first);
  EXPECT_EQ(server_.command({"GET", "app1:weather:epoch"}), cat(second));
  EXPECT_EQ(read_epoch().epoch, second);
}

TEST_F(RedisTierTest, RaisesTheEpochAboveOursWhateverRedisHasKeptOfIt) {
  EXPECT_GT(raise_epoch(3), 3U) << "Redis holds no epoch";
  server_.command({"SET", "app1:weather:epoch", "1"});
  const auto raised = raise_epoch(10'000'000);
  EXPECT_GT(raised, 10'000'000U) << "Redis holds an older epoch";
  const auto again = raise_epoch(3);
  EXPECT_GT(again, raised) << "Redis holds a newer epoch";
  EXPECT_EQ(read_epoch().epoch, again);
}

TEST_F(RedisTierTest, ReplacesAnEpochThatIsNoneOfOurs) {
  const std::vector<std::vector<std::string>> foreign{{"SET", "app1:weather:epoch", "what?"},
                                                      {"SET", "app1:weather:epoch", "18446744073709551615"},
                                                      {"SET", "app1:weather:epoch", "9223372036854775807"},
                                                      {"SET", "app1:weather:epoch", "9007199254740992"},
                                                      {"LPUSH", "app1:weather:epoch", "a list"}};
  for (const auto& command : foreign) {
    SCOPED_TRACE(command.back());
    server_.command({"DEL", "app1:weather:epoch"});
    server_.command(command);
    const auto epoch = raise_epoch(7);
    EXPECT_GT(epoch, 7U);
    EXPECT_LE(epoch, 7U + (1U << 20));
    EXPECT_EQ(server_.command({"GET", "app1:weather:epoch"}), cat(epoch));
    EXPECT_EQ(read_epoch().holds, EpochKey::Holds::number);
  }
}

TEST_F(RedisTierTest, ReadsWhatTheEpochsKeyHolds) {
  EXPECT_EQ(read_epoch().holds, EpochKey::Holds::nothing);
  server_.command({"SET", "app1:weather:epoch", "-5"});
  EXPECT_EQ(read_epoch().holds, EpochKey::Holds::garbage);
  server_.command({"DEL", "app1:weather:epoch"});
  server_.command({"LPUSH", "app1:weather:epoch", "a list"});
  EXPECT_EQ(read_epoch().holds, EpochKey::Holds::garbage);
}

TEST_F(RedisTierTest, GivesALostEpochBackWithoutAPurgeUnlessOneCameBetween) {
  EXPECT_EQ(restore_epoch(3), 3U) << "Redis lost the epoch";
  EXPECT_EQ(restore_epoch(3), 3U) << "another process has restored it";
  EXPECT_EQ(restore_epoch(2), 3U) << "the epoch is never lowered";
  server_.command({"SET", "app1:weather:epoch", "1"});
  const auto raised = restore_epoch(3);
  EXPECT_GT(raised, 3U) << "a purge after the loss raises the epoch above ours";
  EXPECT_EQ(read_epoch().epoch, raised);
}

TEST_F(RedisTierTest, ReadsOnFromARedisThatTakesNoWrites) {
  write("weather:1:2", entry());
  server_.command({"ACL", "SETUSER", "default", "-set"});
  for (int i = 0; i < 50; ++i) write("weather:3:4", entry());
  EXPECT_EQ(writes_failed_, 50U);
  EXPECT_FALSE(client_->breaker_open());
  EXPECT_TRUE(*read("weather:1:2"));
  EXPECT_EQ(log_.count("refuses commands"), 1);
  server_.command({"ACL", "SETUSER", "default", "+set"});
  write("weather:3:4", entry());
  EXPECT_EQ(log_.count("Redis accepts writes again"), 1);
}

TEST_F(RedisTierTest, ClosesItsBreakerAlthoughItMayNotPing) {
  server_.command({"LPUSH", "app1:weather:1:2", "x"});  // GET will fail: not a string
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(read("weather:1:2"));
  EXPECT_TRUE(client_->breaker_open());
  server_.command({"ACL", "SETUSER", "default", "-ping"});
  run_until(context_, [&] { return !client_->breaker_open(); });
}

TEST_F(RedisTierTest, OpensItsBreakerAfterFailuresAndClosesItByAPingOfItsOwn) {
  server_.command({"LPUSH", "app1:weather:1:2", "x"});  // GET will fail: not a string
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(read("weather:1:2"));
  EXPECT_TRUE(client_->breaker_open());
  const auto commands = metrics_.value(Counter::redis_commands);
  const auto refused = read("weather:3:4");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::redis_unavailable);
  EXPECT_EQ(metrics_.value(Counter::redis_commands), commands) << "an open breaker sends no command";
  run_until(context_, [&] { return !client_->breaker_open(); });
  EXPECT_TRUE(read("weather:3:4"));
  EXPECT_TRUE(log_.contains("breaker open"));
  EXPECT_TRUE(log_.contains("breaker closed"));
}

// A lease that Redis gave too late belongs to nobody, so the others would wait for it to its end.
TEST(RedisTierAndALateRedis, GivesALeaseBackWhoseReplyCameTooLate) {
  using redis::test::Words;
  redis::test::Signal too_late;
  std::atomic<bool> given_back = false;
  redis::test::FakeRedis redis([&](redis::test::Peer& peer) {
    peer.greet();
    std::string token;
    for (Words words = peer.next(); !words.empty(); words = peer.next()) {
      if (words[0] == "SET") {
        token = words[2];
        too_late.wait();
        peer.write("+OK\r\n");
      } else if (words[0] == "GET" && words[1].find(":lease:") != std::string::npos) {
        peer.write(cat("$", token.size(), "\r\n", token, "\r\n"));
      } else if (words[0] == "DEL") {
        EXPECT_EQ(words[1], "app1:weather:lease:{app1:weather:1:2}");
        given_back = true;
        peer.write(":1\r\n");
      } else {
        peer.write("_\r\n");
      }
    }
  });
  const SystemClock clock;
  observability::Metrics metrics;
  test::MemoryLog log;
  asio::io_context context{1};
  const auto executor = make_asio_executor(context);
  redis::Common common(redis::test::options_for(redis.url(), milliseconds(60)), clock, metrics, log);
  redis::Client client(context, *executor, common);
  RedisTier tier(client, "app1:", clock, metrics, log);
  client.start();
  run_until(context, [&] { return client.state() == redis::ConnectionState::up; });
  const auto lease = test::result_of<LeaseView>(
      context, [&](auto done) { tier.take_lease("weather:1:2", "a-token", seconds(5), std::move(done)); });
  ASSERT_TRUE(lease && !*lease);
  EXPECT_EQ(lease->error().kind, ErrorKind::redis_timeout);
  too_late.set();
  run_until(context, [&] { return given_back.load(); });
  client.stop();
  context.poll();
}

}  // namespace
}  // namespace wx::cache
