#include "observability/log.hpp"

#include <gtest/gtest.h>

#include "observability/metrics.hpp"

namespace wx::observability {
namespace {

// What the log wrote to standard error while `use` ran.
template <class Use>
std::string written(const LogOptions& options, Use use) {
  Metrics metrics;
  testing::internal::CaptureStderr();
  {
    const auto log = make_log(options, metrics);
    use(*log);
  }
  return testing::internal::GetCapturedStderr();
}

TEST(Log, WritesOneJsonObjectPerLineWithFieldsEscaped) {
  const auto text = written({LogLevel::info, LogFormat::json}, [](Log& log) {
    log.info("redis", "connected", {{"host", "a\"b\n"}, {"port", 6379}, {"tls", true}, {"rtt", 0.25}});
  });
  EXPECT_NE(
      text.find(
          R"("level":"info","room":"redis","message":"connected","host":"a\"b\n","port":6379,"tls":true,"rtt":0.250})"),
      std::string::npos)
      << text;
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
  EXPECT_TRUE(text.starts_with("{\"time\":\"20")) << text;
}

TEST(Log, UsesTheSeverityNamesOfGoogleCloud) {
  const auto text = written({LogLevel::info, LogFormat::gcp}, [](Log& log) { log.warn("cache", "slow"); });
  EXPECT_NE(text.find(R"("severity":"WARNING")"), std::string::npos) << text;
}

TEST(Log, KeepsAFieldOnItsLine) {
  const auto text =
      written({LogLevel::info, LogFormat::text}, [](Log& log) { log.error("app", "failed", {{"why", "two\nlines"}}); });
  EXPECT_NE(text.find(R"([app] failed why="two\nlines")"), std::string::npos) << text;
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
}

TEST(Log, LeavesOutWhatIsBelowItsLevel) {
  const auto text = written({LogLevel::warn, LogFormat::text}, [](Log& log) {
    log.debug("app", "detail");
    log.info("app", "news");
    log.warn("app", "trouble");
  });
  EXPECT_EQ(text.find("news"), std::string::npos);
  EXPECT_EQ(text.find("detail"), std::string::npos);
  EXPECT_NE(text.find("trouble"), std::string::npos);
}

}  // namespace
}  // namespace wx::observability
