#include "pages/wording.hpp"

#include <gtest/gtest.h>

#include "base/text.hpp"

namespace wx::pages {
namespace {

using std::chrono::microseconds;
using std::chrono::seconds;
using web::Language;

TEST(Wording, WritesNumbersDigitForDigitWithTheLanguagesSign) {
  EXPECT_EQ(number_text(Language::en, "-2.30"), "-2.30");
  EXPECT_EQ(number_text(Language::pt_br, "-2.30"), "-2,30");
  EXPECT_EQ(number_text(Language::pt_br, "7"), "7");
  EXPECT_EQ(number_text(Language::en, ""), "");
}

TEST(Wording, WritesDurationsWithThreeDigitsThatCount) {
  const auto en = [](nanoseconds span) { return duration_text(Language::en, span); };
  EXPECT_EQ(en(nanoseconds(21'000)), "0.021 ms");
  EXPECT_EQ(en(microseconds(3200)), "3.2 ms");
  EXPECT_EQ(en(microseconds(503'100)), "503 ms");
  EXPECT_EQ(en(seconds(12)), "12000 ms");
  EXPECT_EQ(duration_text(Language::pt_br, microseconds(3250)), "3,25 ms");
}

TEST(Wording, WritesDurationsThatAreHardlyThere) {
  EXPECT_EQ(duration_text(Language::en, nanoseconds(0)), "0 ms");
  EXPECT_EQ(duration_text(Language::en, nanoseconds(10)), "0 ms");
  EXPECT_EQ(duration_text(Language::en, nanoseconds(99'999'999)), "100 ms");
}

TEST(Wording, HasATitleAndAdviceForEveryKindInEveryLanguage) {
  for (const auto language : web::kLanguages) {
    for (std::size_t i = 0; i < kErrorKinds; ++i) {
      const auto kind = static_cast<ErrorKind>(i);
      EXPECT_FALSE(error_title(language, kind).empty()) << name(kind);
      EXPECT_FALSE(advice(language, kind, {.may_offer_mock = true, .has_detail = true}).empty()) << name(kind);
      EXPECT_FALSE(advice(language, kind, {.has_detail = true}).empty()) << name(kind);
    }
  }
}

TEST(Wording, PointsAtADetailOnlyWhereThereIsOne) {
  for (const auto language : web::kLanguages) {
    const auto pointing = web::text(language, "error.advice-other");
    EXPECT_EQ(advice(language, ErrorKind::malformed_request, {.has_detail = true}), pointing);
    for (std::size_t i = 0; i < kErrorKinds; ++i) {
      const auto kind = static_cast<ErrorKind>(i);
      EXPECT_FALSE(advice(language, kind, {.has_detail = false}).contains(pointing)) << name(kind);
    }
    for (const auto kind : {ErrorKind::not_found, ErrorKind::method_not_allowed, ErrorKind::uri_too_long,
                            ErrorKind::headers_too_large, ErrorKind::internal}) {
      EXPECT_FALSE(advice(language, kind, {.has_detail = false}).empty()) << name(kind);
      EXPECT_FALSE(advice(language, kind, {.has_detail = true}).contains(pointing)) << name(kind);
    }
  }
}

TEST(Wording, SaysWhenToAskAgainOnce) {
  for (const auto language : web::kLanguages) {
    for (std::size_t i = 0; i < kErrorKinds; ++i) {
      const auto kind = static_cast<ErrorKind>(i);
      const auto exact =
          advice(language, kind, {.may_offer_mock = true, .has_detail = true, .retry_after_seconds = 4711});
      EXPECT_TRUE(exact.contains("4711 s")) << exact;
      for (const auto* vague : {"live.again-later", "live.again-moment", "live.again-seconds"}) {
        EXPECT_FALSE(exact.contains(web::text(language, vague))) << exact;
      }
    }
  }
  EXPECT_EQ(advice(Language::en, ErrorKind::provider_timeout, {.may_offer_mock = true}),
            "Ask again in a few seconds. The mock answers without the provider.");
  EXPECT_EQ(advice(Language::en, ErrorKind::provider_timeout, {.may_offer_mock = true, .retry_after_seconds = 1}),
            "Ask again in 1 s. The mock answers without the provider.");
  EXPECT_EQ(advice(Language::en, ErrorKind::overloaded, {.retry_after_seconds = 1}), "Ask again in 1 s.");
}

TEST(Wording, PointsAtMarkedFieldsOnlyWhereThereAreSome) {
  EXPECT_TRUE(advice(Language::en, ErrorKind::bad_parameter, {.marks_fields = true}).contains("what is marked"));
  EXPECT_FALSE(advice(Language::en, ErrorKind::bad_parameter, {.has_detail = true}).contains("what is marked"));
}

TEST(Wording, TranslatesTheTitlesOfEverythingAVisitorMayMeet) {
  for (std::size_t i = 0; i < kErrorKinds; ++i) {
    const auto kind = static_cast<ErrorKind>(i);
    if (name(kind).starts_with("redis-")) continue;  // never shown
    EXPECT_NE(error_title(Language::pt_br, kind), sentence(kind)) << name(kind);
  }
}

TEST(Wording, TranslatesFaultsAndLeavesOthersWordsAlone) {
  EXPECT_EQ(fault_text(Language::en, "is missing"), "is missing");
  EXPECT_NE(fault_text(Language::pt_br, "is missing"), "is missing");
  EXPECT_EQ(fault_text(Language::pt_br, "the provider said so"), "the provider said so");
}

TEST(Wording, WritesASpanInTheLargestUnitThatKeepsItWhole) {
  for (const auto& [ms, words] : {std::pair(0, "0 s"),
                                  {1, "1 ms"},
                                  {1500, "1500 ms"},
                                  {3000, "3 s"},
                                  {90'000, "90 s"},
                                  {600'000, "10 min"},
                                  {7'200'000, "2 h"}}) {
    EXPECT_EQ(span_text(milliseconds(ms)), words);
  }
}

TEST(Wording, NamesEverySourceInEveryLanguage) {
  EXPECT_EQ(source_text(web::Language::pt_br, "Memory Cache ⚡"), "Cache em memória ⚡");
  EXPECT_EQ(source_text(web::Language::pt_br, "somewhere"), "somewhere");
}

}  // namespace
}  // namespace wx::pages
