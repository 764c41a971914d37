#include "cache/answer_once.hpp"

#include <memory>
#include <stdexcept>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wx::cache {
namespace {

using testing::ElementsAre;

class AnswerOnceTest : public testing::Test {
 protected:
  // Records the value, or the error's name.
  auto note() {
    return [this](Result<int> outcome) {
      answers_.push_back(outcome ? std::to_string(*outcome) : std::string(name(outcome.error().kind)));
    };
  }
  std::vector<std::string> answers_;
};

TEST_F(AnswerOnceTest, PassesAnOutcomeOn) {
  {
    AnswerOnce<int> answer(note());
    answer(5);
  }
  EXPECT_THAT(answers_, ElementsAre("5"));
}

TEST_F(AnswerOnceTest, EndsARequestWhoseCallbackThrewBeforeAnswering) {
  std::move_only_function<void()> callback = [answer = AnswerOnce<int>(note())]() mutable {
    throw std::runtime_error("before the answer");
    answer(5);
  };
  EXPECT_THROW(callback(), std::runtime_error);
  EXPECT_THAT(answers_, ElementsAre());
  callback = nullptr;
  EXPECT_THAT(answers_, ElementsAre("internal"));
}

TEST_F(AnswerOnceTest, DoesNotAnswerTwiceWhenTheCallerItselfThrows) {
  int calls = 0;
  {
    AnswerOnce<int> answer([&](const Result<int>&) {
      ++calls;
      throw std::runtime_error("in the caller");
    });
    EXPECT_THROW(answer(5), std::runtime_error);
  }
  EXPECT_EQ(calls, 1);
}

TEST_F(AnswerOnceTest, SwallowsWhatTheCallerThrowsAtTheLastMoment) {
  int calls = 0;
  {
    const AnswerOnce<int> answer([&](const Result<int>&) {
      ++calls;
      throw std::runtime_error("in the caller");
    });
  }
  EXPECT_EQ(calls, 1);
}

TEST_F(AnswerOnceTest, AnswersFromItsLastPlaceOnly) {
  {
    AnswerOnce<int> first(note());
    AnswerOnce<int> second(std::move(first));
    second(7);
  }
  EXPECT_THAT(answers_, ElementsAre("7"));
}

}  // namespace
}  // namespace wx::cache
