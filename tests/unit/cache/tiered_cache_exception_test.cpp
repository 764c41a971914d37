// An exception anywhere in a flight ends that flight or that caller with `internal`, is logged once, and does not
// affect other requests.
#include <stdexcept>

#include "support/faulty_clock.hpp"
#include "unit/cache/tiered_cache_fixture.hpp"

namespace wx::cache {
namespace {

// A Redis whose commands throw on demand.
class ThrowingRemote final : public RemoteTier {
 public:
  explicit ThrowingRemote(RemoteTier& remote) : remote_(remote) {}

  void read(std::string_view key, ReadCallback done) override {
    if (throw_on_read) throw std::runtime_error("read");
    remote_.read(key, std::move(done));
  }
  void take_lease(std::string_view key, std::string_view token, milliseconds span, LeaseCallback done) override {
    if (throw_on_lease) throw std::runtime_error("lease");
    remote_.take_lease(key, token, span, std::move(done));
  }
  void look(std::string_view key, LeaseCallback done) override {
    if (throw_on_look) throw std::runtime_error("look");
    remote_.look(key, std::move(done));
  }
  void store(std::string_view key, const Entry& entry, bool release, DoneCallback done) override {
    if (throw_on_store) throw std::runtime_error("store");
    remote_.store(key, entry, release, std::move(done));
  }
  void store_failure(std::string_view key, const FailureMemo& memo) override { remote_.store_failure(key, memo); }
  void give_back(std::string_view key) override { remote_.give_back(key); }
  void forget_failure(std::string_view key, DoneCallback done) override {
    remote_.forget_failure(key, std::move(done));
  }
  void bury(std::string_view key, const Entry& tombstone, DoneCallback done) override {
    remote_.bury(key, tombstone, std::move(done));
  }
  void announce_purge(std::string_view key, WallTime at, DoneCallback done) override {
    remote_.announce_purge(key, at, std::move(done));
  }
  void put_back(std::string_view key, const Entry& entry) override { remote_.put_back(key, entry); }
  void raise_epoch(std::uint64_t ours, EpochCallback done) override {
    if (throw_on_raise) throw std::runtime_error("raise");
    remote_.raise_epoch(ours, std::move(done));
  }
  [[nodiscard]] bool holds_later_version(std::string_view key) const override {
    return remote_.holds_later_version(key);
  }

  bool throw_on_read = false;
  bool throw_on_lease = false;
  bool throw_on_look = false;
  bool throw_on_store = false;
  bool throw_on_raise = false;

 private:
  RemoteTier& remote_;
};

class TieredCacheExceptionTest : public TieredCacheTest {
 protected:
  void SetUp() override { use({}); }

  void use(const CacheOptions& options) {
    thread_.emplace(executor_, &throwing_, clock_);
    other_thread_.emplace(other_executor_, &throwing_, clock_);
    cache_ = std::make_unique<TieredCache>(options, faulty_clock_, metrics_, log_);
  }

  void expect_internal(const Answers& answers, std::size_t count) {
    ASSERT_EQ(answers.size(), count);
    for (const auto& answer : answers) {
      ASSERT_FALSE(answer);
      EXPECT_EQ(answer.error().kind, ErrorKind::internal);
    }
  }

  // The flight is gone, one line was logged, and another key is answered normally.
  void expect_ended_alone(std::string_view line) {
    EXPECT_EQ(cache_->flight_count(), 0U);
    EXPECT_EQ(log_.count("cache: "), 1) << log_.text();
    EXPECT_TRUE(log_.contains(line)) << log_.text();
    throwing_.throw_on_read = throwing_.throw_on_lease = throwing_.throw_on_look = throwing_.throw_on_store = false;
    Answers answers;
    waiting_.clear();
    const std::string other = "weather:3:4";
    cache_->get(*thread_, {.key = other, .hash = hash64(other), .deadline = clock_.steady() + seconds(10)}, loader(),
                into(answers));
    complete(value("other"));
    ASSERT_EQ(answers.size(), 1U);
    ASSERT_TRUE(answers[0]);
    EXPECT_EQ(answers[0]->entry->body, "other");
  }

  ThrowingRemote throwing_{remote_};
  test::FaultyClock faulty_clock_{clock_};
};

TEST_F(TieredCacheExceptionTest, ALoaderThatThrowsIsAFailedLoad) {
  Answers answers;
  const auto throwing = [](LoadRequest, const LoadCallback&) { throw std::runtime_error("loader"); };
  cache_->get(*thread_, lookup(), throwing, into(answers));
  expect_internal(answers, 1);
  expect_ended_alone("cache: a loader threw: the load has failed what=loader");
}

TEST_F(TieredCacheExceptionTest, ALoaderThatThrowsAtItsTurnIsAFailedLoadThatIsRemembered) {
  Answers answers;
  const auto throwing = [](LoadRequest request, const LoadCallback&) {
    request.turn([](bool) { throw std::runtime_error("turn"); });
  };
  cache_->get(*thread_, lookup(), throwing, into(answers));
  expect_internal(answers, 1);
  cache_->get(*thread_, lookup(), loader(), into(answers));
  expect_internal(answers, 2);
  EXPECT_TRUE(answers[1].error().remembered);
  EXPECT_EQ(loads_, 0);
  expect_ended_alone("cache: a loader threw: the load has failed what=turn");
}

TEST_F(TieredCacheExceptionTest, ALoaderThatThrowsWhileItStandsDownDisturbsNobody) {
  remote_.hold = true;
  Answers answers;
  const auto throwing = [](LoadRequest request, const LoadCallback&) {
    request.turn([](bool go) {
      if (!go) throw std::runtime_error("down");
    });
  };
  cache_->get(*thread_, lookup(), throwing, into(answers));
  remote_.release();  // the reply of the read: the loader's turn comes, and the lease is requested
  fleet_.leases[std::string(kKey)] = {"another", std::nullopt, clock_.steady() + seconds(6)};
  remote_.release();
  EXPECT_TRUE(answers.empty());
  EXPECT_EQ(cache_->flight_count(), 1U);
  EXPECT_EQ(log_.count("cache: "), 1) << log_.text();
  EXPECT_TRUE(log_.contains("cache: a loader threw while its load was cancelled what=down"));
}

TEST_F(TieredCacheExceptionTest, ALateAnswerOnAnotherThreadThatMeetsAnExceptionEndsItsFlight) {
  Answers answers;
  cache_->get(*thread_, lookup(), loader(), into(answers));
  executor_.set_in_this_thread(false);
  complete(value("late"));
  executor_.set_in_this_thread(true);
  faulty_clock_.fails_at = 1;
  executor_.run_posted();
  expect_internal(answers, 1);
  expect_ended_alone("cache: a flight ended with an exception what=the clock broke");
}

TEST_F(TieredCacheExceptionTest, ACommandOfRedisThatThrowsEndsItsFlightForEveryWaiter) {
  remote_.hold = true;
  Answers answers;
  cache_->get(*thread_, lookup(), loader(), into(answers));
  cache_->get(*thread_, lookup(), loader(), into(answers));
  cache_->get(*other_thread_, lookup(), loader(), into(answers));
  throwing_.throw_on_lease = true;
  remote_.hold = false;
  remote_.release();
  other_executor_.run_posted();
  expect_internal(answers, 3);
  EXPECT_EQ(loads_, 0);
  expect_ended_alone("cache: a flight ended with an exception what=lease");
}

TEST_F(TieredCacheExceptionTest, AnExceptionAtTheFirstCommandEndsTheFlight) {
  throwing_.throw_on_read = true;
  Answers answers;
  cache_->get(*thread_, lookup(), loader(), into(answers));
  expect_internal(answers, 1);
  expect_ended_alone("cache: a flight ended with an exception what=read");
}

TEST_F(TieredCacheExceptionTest, AReplyThatMeetsAnExceptionEndsItsFlight) {
  remote_.hold = true;
  Answers answers;
  cache_->get(*thread_, lookup(), loader(), into(answers));
  faulty_clock_.fails_at = 1;
  remote_.release();
  remote_.hold = false;
  expect_internal(answers, 1);
  expect_ended_alone("cache: a flight ended with an exception what=the clock broke");
}

TEST_F(TieredCacheExceptionTest, AWriteThatThrowsTakesNoAnswerBack) {
  throwing_.throw_on_store = true;
  Answers answers;
  cache_->get(*thread_, lookup(), loader(), into(answers));
  complete(value("loaded"));
  ASSERT_EQ(answers.size(), 1U);
  ASSERT_TRUE(answers[0]);
  EXPECT_EQ(answers[0]->entry->body, "loaded");
  expect_ended_alone("cache: a flight ended with an exception what=store");
}

TEST_F(TieredCacheExceptionTest, AWriteBeforeTheAnswerThatThrowsAnswersAtOnce) {
  CacheOptions options;
  options.write_wait = milliseconds(500);
  use(options);
  throwing_.throw_on_store = true;
  Answers answers;
  cache_->get(*thread_, lookup(), loader(), into(answers));
  complete(value("loaded"));
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_TRUE(answers[0]);
  executor_.advance(seconds(1));
  EXPECT_EQ(answers.size(), 1U);
  expect_ended_alone("cache: a flight ended with an exception what=store");
}

TEST_F(TieredCacheExceptionTest, TheTimerOfALeaseThatThrowsEndsItsFlight) {
  fleet_.leases[std::string(kKey)] = {"another", std::nullopt, clock_.steady() + seconds(3)};
  Answers answers;
  cache_->get(*thread_, lookup(), loader(), into(answers));
  throwing_.throw_on_look = true;
  executor_.advance(seconds(4));
  expect_internal(answers, 1);
  expect_ended_alone("cache: a flight ended with an exception what=look");
}

TEST_F(TieredCacheExceptionTest, TheAgeLimitThatThrowsEndsItsFlightAllTheSame) {
  Answers answers;
  auto patient = lookup();
  patient.deadline = clock_.steady() + seconds(60);
  cache_->get(*thread_, patient, loader(), into(answers));
  executor_.advance(seconds(19));
  faulty_clock_.fails_at = 1;
  executor_.advance(seconds(2));
  expect_internal(answers, 1);
  expect_ended_alone("cache: a flight ended with an exception what=the clock broke");
}

TEST_F(TieredCacheExceptionTest, ADeadlineThatThrowsEndsTheWaitOfItsCallerAlone) {
  Answers hasty;
  Answers patient;
  cache_->get(*thread_, lookup(), loader(), into(patient));
  auto soon = lookup();
  soon.deadline = clock_.steady() + seconds(1);
  cache_->get(*other_thread_, soon, loader(), into(hasty));
  clock_.advance(seconds(1));
  faulty_clock_.fails_at = 1;
  other_executor_.run_due();
  expect_internal(hasty, 1);
  EXPECT_TRUE(patient.empty());
  complete(value("loaded"));
  ASSERT_EQ(patient.size(), 1U);
  EXPECT_TRUE(patient[0]);
  EXPECT_EQ(hasty.size(), 1U);
  expect_ended_alone("cache: a caller's wait ended with an exception what=the clock broke");
}

TEST_F(TieredCacheExceptionTest, ACallerThatThrowsDisturbsNoOtherCaller) {
  Answers answers;
  const auto throwing = [](const Result<Served>&) { throw std::runtime_error("caller"); };
  cache_->get(*thread_, lookup(), loader(), throwing);
  cache_->get(*thread_, lookup(), loader(), into(answers));
  complete(value("loaded"));
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_TRUE(answers[0]);
  EXPECT_EQ(remote_.writes, 1);
  expect_ended_alone("cache: an exception in the callback of a lookup what=caller");
}

TEST_F(TieredCacheExceptionTest, ACallerThatThrowsAtAStaleAnswerStillLeavesARefreshBehind) {
  Answers answers;
  cache_->get(*thread_, lookup(), loader(), into(answers));
  complete(value("first"));
  clock_.advance(seconds(11));
  const auto throwing = [](const Result<Served>&) { throw std::runtime_error("caller"); };
  cache_->get(*thread_, lookup(), loader(), throwing);
  complete(value("second"));
  expect_ended_alone("cache: an exception in the callback of a lookup what=caller");
}

TEST_F(TieredCacheExceptionTest, ACallerThatThrowsAtItsPurgeDisturbsNothing) {
  const auto throwing = [](const Result<void>&) { throw std::runtime_error("caller"); };
  for (const auto failing : {std::optional<ErrorKind>(), std::optional(ErrorKind::redis_unavailable)}) {
    remote_.failing = failing;
    EXPECT_NO_THROW(cache_->purge(*thread_, kKey, throwing));
    EXPECT_NO_THROW(cache_->purge_all(*thread_, throwing));
  }
  EXPECT_EQ(log_.count("cache: an exception in the callback of a purge what=caller"), 4);
  remote_.failing.reset();
  executor_.advance(seconds(1));
  EXPECT_EQ(fleet_.epoch, 2U) << "the purge that Redis did not accept is repeated";

  thread_.emplace(executor_, nullptr, clock_);
  EXPECT_NO_THROW(cache_->purge(*thread_, kKey, throwing));
  EXPECT_NO_THROW(cache_->purge_all(*thread_, throwing));
  EXPECT_EQ(log_.count("cache: an exception in the callback of a purge what=caller"), 6);
}

TEST_F(TieredCacheExceptionTest, APurgeThatIsPendingIsTriedAgainAfterAnException) {
  remote_.failing = ErrorKind::redis_unavailable;
  cache_->purge_all(*thread_, [](const Result<void>& purged) { EXPECT_FALSE(purged); });
  remote_.failing.reset();
  throwing_.throw_on_raise = true;
  executor_.advance(milliseconds(500));  // the longest first pause, which is shorter than the two shortest
  EXPECT_EQ(log_.count("cache: a pending purge ended with an exception and will be repeated what=raise"), 1);
  throwing_.throw_on_raise = false;
  executor_.advance(seconds(4));
  EXPECT_EQ(fleet_.epoch, 1U);
}

}  // namespace
}  // namespace wx::cache
