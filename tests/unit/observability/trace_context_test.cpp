#include "observability/trace_context.hpp"

#include <gtest/gtest.h>

#include "base/text.hpp"

namespace wx::observability {
namespace {

constexpr std::string_view kTrace = "4bf92f3577b34da6a3ce929d0e0e4736";
constexpr std::string_view kParent = "00f067aa0ba902b7";
const std::string kGood = cat("00-", kTrace, "-", kParent, "-01");

TEST(TraceContext, ReadsTheExampleOfTheSpecification) {
  const auto trace = parse_traceparent(kGood);
  ASSERT_TRUE(trace);
  EXPECT_EQ(trace->trace_id, kTrace);
  EXPECT_EQ(trace->parent_id, kParent);
  EXPECT_TRUE(trace->sampled);
}

TEST(TraceContext, KnowsOnlyTheSampledFlag) {
  for (const auto& [flags, sampled] :
       {std::pair("00", false), {"01", true}, {"02", false}, {"03", true}, {"fe", false}, {"ff", true}}) {
    const auto value = cat("00-", kTrace, "-", kParent, "-", flags);
    const auto trace = parse_traceparent(value);
    ASSERT_TRUE(trace) << flags;
    EXPECT_EQ(trace->sampled, sampled) << flags;
  }
}

TEST(TraceContext, RefusesWhatIsNotWellFormed) {
  const std::string bad[] = {
      "",
      "00",
      kGood.substr(0, 54),
      kGood + "0",
      kGood + "-",
      kGood + "-what-may-come",                                     // version 00 has nothing after the flags
      cat("ff-", kTrace, "-", kParent, "-01"),                      // forbidden version
      cat("0x-", kTrace, "-", kParent, "-01"),                      //
      cat("0-", kTrace, "-", kParent, "-011"),                      //
      cat("00-4BF92F3577B34DA6A3CE929D0E0E4736-", kParent, "-01"),  // upper case
      cat("00-", kTrace, "-00F067AA0BA902B7-01"),                   //
      cat("00-", kTrace, "-", kParent, "-0A"),                      //
      cat("00-00000000000000000000000000000000-", kParent, "-01"),  // zero
      cat("00-", kTrace, "-0000000000000000-01"),                   //
      cat("00_", kTrace, "-", kParent, "-01"),                      // other separators
      cat("00-", kTrace, "_", kParent, "-01"),                      //
      cat("00-", kTrace, "-", kParent, ".01"),                      //
      cat("00-4bf92f3577b34da6a3ce929d0e0e473g-", kParent, "-01"),  // not hexadecimal
      cat(" ", kGood),                                              //
      cat(kGood, ", ", kGood),                                      // repeated
      cat("cc-", kTrace, "-", kParent, "-01, cc-", kTrace, "-", kParent, "-01"),
      cat("cc-", kTrace, "-", kParent, "-01.what"),
  };
  for (const auto& value : bad) EXPECT_FALSE(parse_traceparent(value)) << value;
}

TEST(TraceContext, TakesFromALaterVersionWhatItKnows) {
  for (const auto* rest : {"-01", "-01-what-may-come", "-01-"}) {
    const auto value = cat("cc-", kTrace, "-", kParent, rest);
    const auto trace = parse_traceparent(value);
    ASSERT_TRUE(trace) << rest;
    EXPECT_EQ(trace->trace_id, kTrace);
    EXPECT_TRUE(trace->sampled);
  }
}

TEST(TraceContext, NoByteOfAValidOneMayChangeItsKind) {
  for (std::size_t i = 0; i < kGood.size(); ++i) {
    for (const char c : {'-', 'G', ' ', '\x7f'}) {
      if (kGood[i] == c) continue;
      std::string value = kGood;
      value[i] = c;
      EXPECT_FALSE(parse_traceparent(value)) << value;
    }
  }
}

TEST(TraceContext, IsEchoedInVersionZero) {
  std::string out = "A: b\r\n";
  const auto value = cat("cc-", kTrace, "-", kParent, "-03-more");
  append_traceparent(out, *parse_traceparent(value));
  EXPECT_EQ(out, cat("A: b\r\ntraceparent: ", kGood, "\r\n"));
}

}  // namespace
}  // namespace wx::observability
