#include "endpoints/language.hpp"

#include <gtest/gtest.h>

namespace wx::endpoints {
namespace {

using web::Language;

Language accepted(std::string_view accept_language) {
  return choose_language("", accept_language).language;
}

TEST(ChooseLanguage, IsEnglishWhereNothingIsSaidOrKnown) {
  EXPECT_EQ(choose_language("", std::nullopt).language, Language::en);
  EXPECT_FALSE(choose_language("", std::nullopt).chosen);
  EXPECT_EQ(accepted("de, fr;q=0.9"), Language::en);
  EXPECT_EQ(accepted(""), Language::en);
}

TEST(ChooseLanguage, GoesByTheWeights) {
  EXPECT_EQ(accepted("pt-BR,pt;q=0.9,en;q=0.8"), Language::pt_br);
  EXPECT_EQ(accepted("en;q=0.8, pt;q=0.9"), Language::pt_br);
  EXPECT_EQ(accepted("pt;q=0.3, en-GB;q=0.5"), Language::en);
  EXPECT_EQ(accepted("pt;q=0, en;q=0.1"), Language::en);
  EXPECT_EQ(accepted("pt;q=nonsense"), Language::en);
}

TEST(ChooseLanguage, TakesAnyPortugueseInAnyCase) {
  EXPECT_EQ(accepted("PT-pt"), Language::pt_br);
}

TEST(ChooseLanguage, ObeysTheParameterFirstAndSaysThatItWasChosen) {
  const auto choice = choose_language("lat=1&lang=pt-BR&lon=2", "en");
  EXPECT_EQ(choice.language, Language::pt_br);
  EXPECT_TRUE(choice.chosen);
  EXPECT_EQ(choose_language("lang=%65n", "pt").language, Language::en);
}

TEST(ChooseLanguage, ReadsTheNameOfTheParameterDecoded) {
  EXPECT_EQ(choose_language("l%61ng=pt", "en").language, Language::pt_br);
  EXPECT_EQ(choose_language("a=1&lang=%70t&b", "en").language, Language::pt_br);
  EXPECT_EQ(choose_language("l%zzng=pt&xlang=pt", "en").language, Language::en);
}

TEST(ChooseLanguage, IgnoresAParameterThatNamesNoneOfItsOwn) {
  const auto choice = choose_language("lang=xx", "pt");
  EXPECT_EQ(choice.language, Language::pt_br);
  EXPECT_FALSE(choice.chosen);
  EXPECT_FALSE(choose_language("lang=%zz", "pt").chosen);
  EXPECT_FALSE(choose_language("lang=", "pt").chosen);
}

}  // namespace
}  // namespace wx::endpoints
