// Checks the pairs of tests/field/questions.json: which two spellings are one question, and which are two.
#include <functional>
#include <string>
#include <string_view>

#include <gtest/gtest.h>
#include <simdjson.h>

#include "open_meteo/canonical.hpp"

namespace wx::open_meteo {
namespace {

Question question_of(std::string_view target) {
  const auto mark = target.find('?');
  auto resource = find_resource(target.substr(0, mark), "localhost");
  EXPECT_TRUE(resource) << target;
  const auto query = mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1);
  return make_question(resource.value_or(Resource{}), query, {});
}

// Calls `check` with the members a, b and why of each pair of the list. Returns the number of pairs.
int for_each_pair(std::string_view list,
                  const std::function<void(std::string_view, std::string_view, std::string_view)>& check) {
  simdjson::dom::parser parser;
  int count = 0;
  for (const auto pair : parser.load(WX_SOURCE "/tests/field/questions.json")[list]) {
    check(pair["a"], pair["b"], pair["why"]);
    ++count;
  }
  return count;
}

TEST(QuestionSpellings, EqualQuestionsHaveOneText) {
  const int count = for_each_pair("one", [](auto a, auto b, auto why) {
    EXPECT_NE(a, b) << "the pair shows nothing";
    EXPECT_EQ(question_text(question_of(a)), question_text(question_of(b))) << why << "\n" << a << "\n" << b;
    EXPECT_EQ(cache_key(question_of(a)), cache_key(question_of(b))) << why;
    EXPECT_EQ(question_of(a).asked, question_of(b).asked) << why << "\n" << a << "\n" << b;
    EXPECT_FALSE(question_of(a).asked.opaque) << a;
  });
  EXPECT_GE(count, 60);
}

TEST(QuestionSpellings, DifferentQuestionsHaveTwoTexts) {
  const int count = for_each_pair("two", [](auto a, auto b, auto why) {
    EXPECT_NE(question_text(question_of(a)), question_text(question_of(b))) << why << "\n" << a << "\n" << b;
    EXPECT_NE(cache_key(question_of(a)), cache_key(question_of(b))) << why;
  });
  EXPECT_GE(count, 60);
}

TEST(QuestionSpellings, TheCanonicalTextIsTheSameQuestion) {
  for (const auto* const list : {"one", "two"}) {
    (void)for_each_pair(list, [](auto a, auto b, auto) {
      for (const auto target : {a, b}) {
        const auto question = question_of(target);
        EXPECT_EQ(make_question(question.resource, question.query, {}), question) << target;
      }
    });
  }
}

}  // namespace
}  // namespace wx::open_meteo
