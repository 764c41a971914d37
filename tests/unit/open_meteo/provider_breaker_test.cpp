#include "open_meteo/provider_breaker.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/text.hpp"
#include "open_meteo/retry_budget.hpp"

namespace wx::open_meteo {
namespace {

using namespace std::chrono_literals;
using State = ProviderBreaker::State;

constexpr BreakerOptions kOptions{.failures = 3, .slow = 4s, .first_wait = 500ms, .longest_wait = 30s};

struct Conversation {
  explicit Conversation(BreakerOptions options = kOptions, std::uint64_t seed = 1) : breaker(options, Random(seed)) {}

  // Tries to enter. Returns "yes", "probe" or the refusal, and keeps a pass in `pass`.
  std::string enter() {
    const auto free = breaker.check(now);
    const auto got = breaker.enter(now);
    EXPECT_EQ(free.has_value(), got.has_value());
    if (!got) return cat("no: ", wx::name(got.error().kind));
    pass = *got;
    return pass.probe ? "probe" : "yes";
  }
  void fail(ErrorKind kind = ErrorKind::provider_timeout) { breaker.failed(pass, kind, now); }
  void succeed(nanoseconds duration = 100ms) { breaker.succeeded(pass, duration, now); }
  void fail_often(int times, ErrorKind kind = ErrorKind::provider_timeout) {
    for (int i = 0; i < times; ++i) {
      EXPECT_EQ(enter(), "yes");
      fail(kind);
    }
  }
  State state() { return breaker.state(now); }

  ProviderBreaker breaker;
  ProviderBreaker::Pass pass;
  SteadyTime now{1000s};
};

TEST(ProviderBreaker, OpensAfterFailuresInARow) {
  Conversation with;
  with.fail_often(2);
  EXPECT_EQ(with.enter(), "yes");
  with.succeed();
  with.fail_often(2);
  EXPECT_EQ(with.state(), State::closed);
  with.fail_often(1, ErrorKind::provider_bad_reply);
  EXPECT_EQ(with.state(), State::open);
  EXPECT_EQ(with.enter(), "no: provider-bad-reply") << "the kind of the last failure";
  EXPECT_LE(with.breaker.wait(with.now), 500ms);
  EXPECT_GE(with.breaker.wait(with.now), 375ms);
}

TEST(ProviderBreaker, ExactlyOneProbePassesWhenTheWaitIsOver) {
  Conversation with;
  with.fail_often(3);
  with.now += 500ms;
  EXPECT_EQ(with.state(), State::open);
  EXPECT_EQ(with.enter(), "probe");
  const auto probe = with.pass;
  EXPECT_EQ(with.state(), State::half_open);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(with.enter(), "no: provider-timeout");
  EXPECT_EQ(with.breaker.wait(with.now), 1s);
  with.pass = probe;
  with.succeed();
  EXPECT_EQ(with.state(), State::closed);
  EXPECT_EQ(with.enter(), "yes");
  EXPECT_EQ(with.breaker.wait(with.now), 0s);
}

TEST(ProviderBreaker, EachFailedProbeDoublesTheWaitUpToTheLongest) {
  for (std::uint64_t seed = 1; seed < 20; ++seed) {
    Conversation with(kOptions, seed);
    with.fail_often(3);
    for (const auto base : std::vector<milliseconds>{500ms, 1s, 2s, 4s, 8s, 16s, 30s, 30s, 30s}) {
      const auto wait = with.breaker.wait(with.now);
      EXPECT_LE(wait, base);
      EXPECT_GE(wait, base * 3 / 4);
      with.now += wait - 1ns;
      EXPECT_EQ(with.enter(), "no: provider-timeout");
      with.now += 1ns;
      EXPECT_EQ(with.enter(), "probe");
      with.fail();
    }
    with.now += 30s;
    EXPECT_EQ(with.enter(), "probe");
    with.succeed();
    with.fail_often(3);
    EXPECT_LE(with.breaker.wait(with.now), 500ms) << "the backoff starts again";
    EXPECT_EQ(with.breaker.openings(), 11U);
  }
}

TEST(ProviderBreaker, TheWaitsOfAFleetDiffer) {
  Conversation one(kOptions, 1);
  Conversation other(kOptions, 2);
  one.fail_often(3);
  other.fail_often(3);
  EXPECT_NE(one.breaker.wait(one.now), other.breaker.wait(other.now));
}

TEST(ProviderBreaker, AnswersThatCameTooLateCountAsFailures) {
  Conversation with;
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(with.enter(), "yes");
    with.succeed(4s);
  }
  EXPECT_EQ(with.enter(), "no: provider-timeout");
  with.now += 500ms;
  EXPECT_EQ(with.enter(), "probe");
  with.succeed(5s);
  EXPECT_EQ(with.state(), State::open);
  with.now += 1s;
  EXPECT_EQ(with.enter(), "probe");
  with.succeed(3999ms);
  EXPECT_EQ(with.state(), State::closed);
}

TEST(ProviderBreaker, AProbeWithoutAVerdictLeavesItsPlaceToTheNextLoad) {
  Conversation with;
  with.fail_often(3);
  with.now += 500ms;
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(with.enter(), "probe");
    with.breaker.release(with.pass);
  }
  EXPECT_EQ(with.enter(), "probe");
  EXPECT_EQ(with.enter(), "no: provider-timeout");
}

TEST(ProviderBreaker, TellsThatAProbeIsUnderWay) {
  Conversation with;
  EXPECT_FALSE(with.breaker.probing());
  with.fail_often(3);
  EXPECT_FALSE(with.breaker.probing());
  EXPECT_FALSE(with.breaker.check(with.now).error().probing);
  with.now += 500ms;
  EXPECT_EQ(with.enter(), "probe");
  EXPECT_TRUE(with.breaker.probing());
  EXPECT_TRUE(with.breaker.check(with.now).error().probing);
  with.breaker.limit(30s, ErrorKind::provider_limited, with.now);
  EXPECT_FALSE(with.breaker.check(with.now).error().probing) << "the probe does not decide when a limit ends";
  with.fail();
  EXPECT_FALSE(with.breaker.probing());
}

TEST(ProviderBreaker, CallsThatStartedBeforeItOpenedChangeNothing) {
  Conversation with;
  EXPECT_EQ(with.enter(), "yes");
  const auto slow = with.pass;
  with.fail_often(3);
  const auto wait = with.breaker.wait(with.now);
  with.breaker.failed(slow, ErrorKind::provider_error, with.now);
  EXPECT_EQ(with.breaker.wait(with.now), wait);
  with.breaker.succeeded(slow, 1ms, with.now);
  EXPECT_EQ(with.state(), State::open);
  with.now += 500ms;
  EXPECT_EQ(with.enter(), "probe");
  const auto probe = with.pass;
  with.breaker.release(slow);
  with.breaker.succeeded(slow, 1ms, with.now);
  with.breaker.failed(slow, ErrorKind::provider_error, with.now);
  EXPECT_EQ(with.enter(), "no: provider-timeout") << "the probe is still running";
  with.breaker.succeeded(probe, 1ms, with.now);
  EXPECT_EQ(with.state(), State::closed);
}

TEST(ProviderBreaker, ALimitClosesTheProviderForItsSpanAndSaysNothingAboutHealth) {
  Conversation with;
  with.fail_often(2);
  EXPECT_EQ(with.enter(), "yes");
  with.breaker.release(with.pass);
  with.breaker.limit(30s, ErrorKind::provider_limited, with.now);
  EXPECT_EQ(with.state(), State::limited);
  EXPECT_EQ(with.enter(), "no: provider-limited");
  EXPECT_EQ(with.breaker.wait(with.now), 30s);
  with.breaker.limit(10s, ErrorKind::provider_limited, with.now);
  EXPECT_EQ(with.breaker.wait(with.now), 30s) << "the longer of the two";
  with.now += 30s - 1ns;
  EXPECT_EQ(with.enter(), "no: provider-limited");
  with.now += 1ns;
  EXPECT_EQ(with.state(), State::closed);
  with.fail_often(1);
  EXPECT_EQ(with.state(), State::open) << "the two earlier failures still count";
}

TEST(ProviderBreaker, TheLongestPauseTellsWhyItIsThere) {
  Conversation with;
  with.breaker.limit(10s, ErrorKind::provider_limited, with.now);
  with.breaker.limit(2min, ErrorKind::provider_error, with.now);
  with.breaker.limit(1min, ErrorKind::provider_limited, with.now);
  EXPECT_EQ(with.enter(), "no: provider-error");
  EXPECT_EQ(with.breaker.wait(with.now), 2min);
  EXPECT_TRUE(with.breaker.check(with.now).error().limited);
  with.now += 2min;
  EXPECT_EQ(with.enter(), "yes");
}

TEST(ProviderBreaker, ALimitedProbeIsFollowedByAnother) {
  Conversation with;
  with.fail_often(3);
  with.now += 500ms;
  EXPECT_EQ(with.enter(), "probe");
  with.breaker.release(with.pass);
  with.breaker.limit(1min, ErrorKind::provider_limited, with.now);
  EXPECT_EQ(with.enter(), "no: provider-limited");
  with.now += 1min;
  EXPECT_EQ(with.enter(), "probe");
}

TEST(ProviderBreaker, NeverOpensIfItIsToldSo) {
  Conversation with({.failures = 0});
  with.fail_often(100);
  EXPECT_EQ(with.state(), State::closed);
}

TEST(ProviderBreaker, KnowsWhatIsAFailure) {
  using Health = ProviderBreaker::Health;
  for (std::size_t k = 0; k < kErrorKinds; ++k) {
    const auto kind = static_cast<ErrorKind>(k);
    const bool expected = kind == ErrorKind::provider_unreachable || kind == ErrorKind::provider_timeout ||
                          kind == ErrorKind::provider_error || kind == ErrorKind::provider_bad_reply ||
                          kind == ErrorKind::provider_denied;
    EXPECT_EQ(ProviderBreaker::health({.kind = kind}) == Health::ill, expected) << wx::name(kind);
    EXPECT_NE(ProviderBreaker::health({.kind = kind}), Health::well) << wx::name(kind);
    EXPECT_NE(ProviderBreaker::health({.kind = kind, .of_query = true}), Health::ill) << wx::name(kind);
  }
  EXPECT_EQ(ProviderBreaker::health({.kind = ErrorKind::provider_bad_reply, .of_query = true}), Health::well)
      << "a whole answer came in time";
  EXPECT_EQ(ProviderBreaker::health({.kind = ErrorKind::provider_error, .of_query = true}), Health::unknown)
      << "a query is rejected before the provider has worked on it";
}

// Whatever the order of events, there are never two probes at once, and good answers close the breaker.
TEST(ProviderBreaker, NeverHasTwoProbesAndAlwaysComesBack) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    Conversation with(kOptions, seed);
    std::vector<ProviderBreaker::Pass> running;
    const auto probes = [&] {
      std::size_t count = 0;
      for (const auto& pass : running) count += pass.probe && pass.era == with.breaker.openings() ? 1 : 0;
      return count;
    };
    for (int step = 0; step < 5000; ++step) {
      with.now += milliseconds(random.next() % 400);
      if (random.next() % 2 == 0) {
        if (!with.enter().starts_with("no")) running.push_back(with.pass);
      } else if (!running.empty()) {
        const auto at = running.begin() + static_cast<long>(random.next() % running.size());
        with.pass = *at;
        running.erase(at);
        const auto fate = random.next() % 8;
        if (fate < 4) with.fail();
        if (fate == 4) with.breaker.release(with.pass);
        if (fate == 5) {
          with.breaker.release(with.pass);
          with.breaker.limit(1s, ErrorKind::provider_limited, with.now);
        }
        if (fate > 5) with.succeed();
      }
      ASSERT_LE(probes(), 1U);
    }
    for (const auto& pass : running) with.breaker.release(pass);
    with.now += 1min;
    ASSERT_FALSE(with.enter().starts_with("no"));
    with.succeed();
    EXPECT_EQ(with.state(), State::closed);
  }
}

TEST(RetryBudget, IsAPartOfTheCallsAndATrickle) {
  RetryBudget budget({.per_call = 0.1, .per_minute = 2, .most = 4});
  const SteadyTime start(1000s);
  EXPECT_TRUE(budget.take(start));
  EXPECT_TRUE(budget.take(start));
  EXPECT_FALSE(budget.take(start));
  for (int i = 0; i < 9; ++i) budget.called(start);
  EXPECT_FALSE(budget.take(start));
  budget.called(start);
  budget.called(start);
  EXPECT_TRUE(budget.take(start));
  EXPECT_FALSE(budget.take(start + 20s));
  EXPECT_TRUE(budget.take(start + 30s));
}

TEST(RetryBudget, SavesNoMoreThanAllowed) {
  RetryBudget budget({.per_call = 1, .per_minute = 100, .most = 4});
  for (int i = 0; i < 1000; ++i) budget.called(SteadyTime(1000s));
  int retries = 0;
  while (budget.take(SteadyTime(100'000s))) ++retries;
  EXPECT_EQ(retries, 4);
}

TEST(RetryBudget, WithoutRoomThereIsNone) {
  RetryBudget budget({.per_call = 1, .per_minute = 100, .most = 0});
  budget.called(SteadyTime(1000s));
  EXPECT_FALSE(budget.take(SteadyTime(2000s)));
}

}  // namespace
}  // namespace wx::open_meteo
