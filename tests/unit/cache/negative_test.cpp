// What the source says in place of an answer: that it rejects the query, or that it has no values for it.
#include "tiered_cache_fixture.hpp"

namespace wx::cache {
namespace {

class Negative : public TieredCacheTest {
 protected:
  static constexpr seconds kRemembered{300};

  Loaded negative(EntryKind kind, bool decisive, seconds fresh_for = seconds(0)) const {
    auto loaded = value("no");
    loaded.kind = kind;
    loaded.decisive = decisive;
    loaded.spans = {.fresh_for = fresh_for, .stale_for = seconds(7000), .keep_for = seconds(7000)};
    return loaded;
  }
  Loaded refusal(seconds fresh_for = seconds(0)) const { return negative(EntryKind::refusal, true, fresh_for); }
  Loaded valueless() const { return negative(EntryKind::valueless, false); }

  // Keeps an answer that is no longer fresh nor stale: callers wait for a load.
  void keep_an_answer() {
    Answers answers;
    cache_->get(*thread_, lookup(), loader(), into(answers));
    complete(value("kept"));
    ASSERT_EQ(answers.size(), 1U);
    clock_.advance(spans_.fresh_for + spans_.stale_for);
  }
  // The answer to a caller, whose load, if it causes one, gives `result`.
  Served ask(const Loaded& result) {
    Answers answers;
    cache_->get(*thread_, lookup(), loader(), into(answers));
    if (answers.empty()) complete(result);
    EXPECT_EQ(answers.size(), 1U);
    EXPECT_TRUE(answers.front().has_value());
    return answers.front().value_or(Served{});
  }
  static std::string body_of(const Served& served) { return std::string(served.entry->body.view()); }
};

TEST_F(Negative, IsRememberedForItsTimeWhereNothingIsKept) {
  for (const auto& no : {refusal(), valueless(), negative(EntryKind::refusal, false)}) {
    cache();
    const int before = loads_;
    const auto first = ask(no);
    EXPECT_EQ(first.outcome, Outcome::miss);
    EXPECT_EQ(first.entry->kind, no.kind);
    clock_.advance(kRemembered - milliseconds(1));
    const auto again = ask(no);
    EXPECT_EQ(again.outcome, Outcome::hit);
    EXPECT_EQ(again.entry->kind, no.kind);
    EXPECT_EQ(body_of(again), "no");
    EXPECT_EQ(loads_, before + 1);
    clock_.advance(milliseconds(1));
    (void)ask(no);
    EXPECT_EQ(loads_, before + 2);
  }
}

TEST_F(Negative, HasNoLongerTimeThanItSays) {
  for (const bool kept : {false, true}) {
    cache();
    if (kept) keep_an_answer();
    const int before = loads_;
    EXPECT_EQ(ask(refusal(seconds(20))).entry->spans, Spans{.fresh_for = seconds(20)});
    clock_.advance(seconds(20) - milliseconds(1));
    EXPECT_EQ(body_of(ask(refusal())), "no");
    EXPECT_EQ(loads_, before + 1);
    clock_.advance(milliseconds(1));
    EXPECT_EQ(ask(value("new")).entry->kind, EntryKind::answer);
    EXPECT_EQ(loads_, before + 2);
  }
}

TEST_F(Negative, HasNoLongerTimeThanIsAllowed) {
  cache();
  EXPECT_EQ(ask(refusal(seconds(9000))).entry->spans, Spans{.fresh_for = kRemembered});
}

// The query itself is no longer good, so the old answer is no answer to it.
TEST_F(Negative, ADecisiveRefusalIsWhatCallersGetBesideAKeptAnswer) {
  cache();
  keep_an_answer();
  EXPECT_EQ(body_of(ask(refusal())), "no");
  EXPECT_EQ(loads_, 2);
  const auto again = ask(refusal());
  EXPECT_EQ(body_of(again), "no");
  EXPECT_EQ(again.outcome, Outcome::hit);
  EXPECT_EQ(loads_, 2);
  clock_.advance(kRemembered);
  EXPECT_EQ(body_of(ask(value("new"))), "new");
}

TEST_F(Negative, ADecisiveRefusalDoesNotDropTheKeptAnswer) {
  cache();
  keep_an_answer();
  EXPECT_EQ(body_of(ask(refusal())), "no");
  clock_.advance(kRemembered);
  Answers answers;
  cache_->get(*thread_, lookup(), loader(), into(answers));
  complete(fail(ErrorKind::provider_timeout));
  ASSERT_EQ(answers.size(), 1U);
  ASSERT_TRUE(answers.front().has_value());
  EXPECT_EQ(answers.front()->outcome, Outcome::stale_if_error);
  EXPECT_EQ(body_of(*answers.front()), "kept");
}

TEST_F(Negative, AnotherOneNeverTakesThePlaceOfAKeptAnswer) {
  for (const auto& no : {valueless(), negative(EntryKind::refusal, false)}) {
    cache();
    keep_an_answer();
    const int before = loads_;
    for (int i = 0; i < 3; ++i) {
      const auto served = ask(no);
      EXPECT_EQ(served.outcome, Outcome::stale_if_error);
      EXPECT_EQ(body_of(served), "kept");
    }
    EXPECT_EQ(loads_, before + 1) << "it is remembered all the same";
  }
}

TEST_F(Negative, CallersThatWaitTogetherGetTheDecisiveRefusal) {
  cache();
  keep_an_answer();
  Answers answers;
  for (int i = 0; i < 3; ++i) cache_->get(*thread_, lookup(), loader(), into(answers));
  complete(refusal());
  executor_.run_posted();
  ASSERT_EQ(answers.size(), 3U);
  for (const auto& answer : answers) EXPECT_EQ(body_of(answer.value()), "no");
}

}  // namespace
}  // namespace wx::cache
