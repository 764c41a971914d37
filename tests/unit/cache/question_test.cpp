// Two questions whose keys are the same: a key that ends with a hash does not say what was asked.
#include "unit/cache/tiered_cache_fixture.hpp"

namespace wx::cache {
namespace {

class QuestionTest : public TieredCacheTest {
 protected:
  Lookup asking(std::string_view question, Mode mode = Mode::normal) {
    auto asked = lookup(mode);
    asked.question = question;
    return asked;
  }
  Lookup only_cached(std::string_view question) {
    auto asked = asking(question);
    asked.only_if_cached = true;
    return asked;
  }
  bool peeks(std::string_view question) {
    return cache_->peek(kKey, hash64(kKey), clock_.steady(), question).served.has_value();
  }
  // Asks, and gives the answer if that causes a load. Returns the body and the outcome.
  std::pair<std::string, Outcome> ask(const Lookup& asked, std::string body) {
    Answers answers;
    cache_->get(*thread_, asked, loader(), into(answers));
    if (answers.empty()) complete(value(std::move(body)));
    EXPECT_EQ(answers.size(), 1U);
    return {std::string(answers[0]->entry->body.view()), answers[0]->outcome};
  }
};

using Got = std::pair<std::string, Outcome>;

TEST_F(QuestionTest, IsKeptWithItsAnswer) {
  cache(&remote_);
  EXPECT_EQ(ask(asking("a"), "{a}"), Got("{a}", Outcome::miss));
  EXPECT_EQ(fleet_.values.at(std::string(kKey)).question, "a");
  EXPECT_TRUE(peeks("a"));
  EXPECT_FALSE(peeks("b"));
  EXPECT_FALSE(peeks(""));
  EXPECT_EQ(ask(asking("a"), ""), Got("{a}", Outcome::hit));
}

TEST_F(QuestionTest, GetsNoAnswerOfAnotherFromMemory) {
  cache();
  ask(asking("a"), "{a}");
  EXPECT_EQ(ask(asking("b"), "{b}"), Got("{b}", Outcome::miss));
  EXPECT_EQ(ask(asking("b"), ""), Got("{b}", Outcome::hit));
  EXPECT_EQ(ask(asking("a"), "{a2}"), Got("{a2}", Outcome::miss)) << "one of them is kept";
  Answers answers;
  cache_->get(*thread_, only_cached("b"), loader(), into(answers));
  ASSERT_EQ(answers.size(), 1U);
  ASSERT_FALSE(answers[0]);
  EXPECT_EQ(answers[0].error().kind, ErrorKind::not_cached);
}

TEST_F(QuestionTest, GetsNoAnswerOfAnotherFromRedis) {
  cache(&remote_);
  ask(asking("a", Mode::redis_only), "{a}");
  Answers answers;
  cache_->get(*thread_, only_cached("b"), loader(), into(answers));
  ASSERT_FALSE(answers[0]);
  EXPECT_EQ(answers[0].error().kind, ErrorKind::not_cached);
  EXPECT_EQ(ask(asking("b", Mode::redis_only), "{b}"), Got("{b}", Outcome::miss));
  EXPECT_EQ(ask(asking("b", Mode::redis_only), ""), Got("{b}", Outcome::hit));
  EXPECT_EQ(ask(only_cached("b"), ""), Got("{b}", Outcome::hit));
}

TEST_F(QuestionTest, DoesNotFallBackToAKeptAnswerOfAnother) {
  cache(&remote_);
  ask(asking("a"), "{a}");
  clock_.advance(seconds(100));  // beyond stale_for
  Answers answers;
  cache_->get(*thread_, asking("b"), loader(), into(answers));
  complete(fail(ErrorKind::provider_timeout));
  ASSERT_EQ(answers.size(), 1U);
  ASSERT_FALSE(answers[0]);
  EXPECT_EQ(answers[0].error().kind, ErrorKind::provider_timeout);
}

TEST_F(QuestionTest, DoesNotJoinTheLoadOfAnother) {
  cache();
  Answers first;
  Answers second;
  Answers third;
  cache_->get(*thread_, asking("a"), loader(), into(first));
  cache_->get(*thread_, asking("b"), loader(), into(second));
  cache_->get(*thread_, asking("a"), loader(), into(third));
  EXPECT_EQ(loads_, 2);
  complete(value("{a}"));
  complete(value("{b}"));
  ASSERT_EQ(first.size(), 1U);
  ASSERT_EQ(second.size(), 1U);
  ASSERT_EQ(third.size(), 1U);
  EXPECT_EQ(first[0]->entry->body, "{a}");
  EXPECT_EQ(second[0]->entry->body, "{b}");
  EXPECT_EQ(second[0]->outcome, Outcome::bypass);
  EXPECT_FALSE(second[0]->stored);
  EXPECT_EQ(third[0]->entry->body, "{a}");
  EXPECT_TRUE(peeks("a"));
  EXPECT_EQ(cache_->flight_count(), 0U);
}

TEST_F(QuestionTest, DoesNotGetTheFailureOfAnother) {
  cache();
  Answers answers;
  cache_->get(*thread_, asking("a"), loader(), into(answers));
  complete(Loaded::refusal("No data for a"));
  EXPECT_EQ(ask(asking("a"), "").first, "No data for a");
  EXPECT_EQ(loads_, 1) << "it is remembered";
  EXPECT_EQ(ask(asking("b"), "{b}"), Got("{b}", Outcome::miss));
}

TEST_F(QuestionTest, OfAnotherIsReplacedInRedisByALoadWithoutALease) {
  cache(&remote_);
  ask(asking("a", Mode::redis_only), "{a}");
  clock_.advance(seconds(1000));
  ask(asking("b", Mode::redis_only), "{b}");
  EXPECT_EQ(fleet_.values.at(std::string(kKey)).question, "b");
}

TEST_F(QuestionTest, TakesOverWhatTheLoaderSaysOfTheBody) {
  cache();
  Answers answers;
  cache_->get(*thread_, asking("a"), loader(), into(answers));
  auto loaded = value("gz");
  loaded.encoding = Encoding::gzip;
  loaded.decoded_size = 1234;
  loaded.content_disposition = "attachment; filename=a.csv";
  complete(std::move(loaded));
  ASSERT_EQ(answers.size(), 1U);
  const Entry& entry = *answers[0]->entry;
  EXPECT_EQ(entry.encoding, Encoding::gzip);
  EXPECT_EQ(entry.decoded_size, 1234U);
  EXPECT_EQ(entry.content_disposition, "attachment; filename=a.csv");
  EXPECT_EQ(entry.question, "a");
}

}  // namespace
}  // namespace wx::cache
