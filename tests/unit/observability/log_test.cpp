#include "observability/log.hpp"

#include <gtest/gtest.h>

#include "observability/metrics.hpp"

namespace wx::observability {
namespace {

// The lines that the log wrote to standard error while `use` ran.
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
  const auto text = written({LogLevel::info, LogFormat::json, ""}, [](Log& log) {
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
  const auto text = written({LogLevel::info, LogFormat::gcp, ""}, [](Log& log) { log.warn("cache", "slow"); });
  EXPECT_NE(text.find(R"("severity":"WARNING")"), std::string::npos) << text;
}

RequestLine request_line() {
  RequestLine line;
  line.method = "GET";
  line.path = "/a\"b";
  line.status = 502;
  line.bytes = 12;
  line.took = std::chrono::microseconds(1500);
  line.client = "192.0.2.1";
  line.request_id = "r1";
  line.trace = TraceContext{"4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", true};
  line.cache = "HIT";
  line.error = "provider-error";
  line.suppressed = 3;
  return line;
}

TEST(Log, WritesARequestAsGoogleCloudReadsIt) {
  const auto write = [](Log& log) { log.write_request(LogLevel::warn, request_line()); };
  const auto text = written({LogLevel::info, LogFormat::gcp, "my-project"}, write);
  EXPECT_TRUE(text.contains(
      R"("severity":"WARNING","room":"endpoints","message":"GET /a\"b 502","httpRequest":{"requestMethod":"GET",)"
      R"("requestUrl":"/a\"b","status":502,"responseSize":"12","remoteIp":"192.0.2.1","latency":"0.001500s",)"
      R"("cacheLookup":true,"cacheHit":true},"request_id":"r1","cache":"HIT","error":"provider-error","suppressed":3,)"
      R"("logging.googleapis.com/trace":"projects/my-project/traces/4bf92f3577b34da6a3ce929d0e0e4736",)"
      R"("logging.googleapis.com/spanId":"00f067aa0ba902b7","logging.googleapis.com/trace_sampled":true})"))
      << text;
  EXPECT_TRUE(written({LogLevel::info, LogFormat::gcp, ""}, write)
                  .contains(R"("logging.googleapis.com/trace":"4bf92f3577b34da6a3ce929d0e0e4736")"));
}

TEST(Log, WritesARequestAsOneFlatObject) {
  const auto text = written({LogLevel::info, LogFormat::json, ""},
                            [](Log& log) { log.write_request(LogLevel::warn, request_line()); });
  EXPECT_TRUE(text.contains(
      R"("message":"GET /a\"b 502","status":502,"bytes":12,"ms":1.500,"client":"192.0.2.1","request_id":"r1",)"
      R"("cache":"HIT","error":"provider-error","suppressed":3,"trace":"4bf92f3577b34da6a3ce929d0e0e4736",)"
      R"("span":"00f067aa0ba902b7"})"))
      << text;
}

TEST(Log, GivesAnyLineItsTraceAndLeavesAnEmptyOneOut) {
  const auto with = [](std::string_view trace) {
    return [trace](Log& log) { log.warn("http_server", "odd", {{"trace", trace}}); };
  };
  EXPECT_TRUE(written({LogLevel::info, LogFormat::gcp, "p"}, with("4bf9"))
                  .contains(R"("logging.googleapis.com/trace":"projects/p/traces/4bf9"})"));
  EXPECT_TRUE(written({LogLevel::info, LogFormat::json, "p"}, with("4bf9")).contains(R"("trace":"4bf9"})"));
  for (const auto format : {LogFormat::gcp, LogFormat::json, LogFormat::text}) {
    EXPECT_FALSE(written({LogLevel::info, format, "p"}, with("")).contains("trace"));
  }
}

TEST(Log, KeepsAFieldOnItsLine) {
  const auto text = written({LogLevel::info, LogFormat::text, ""},
                            [](Log& log) { log.error("app", "failed", {{"why", "two\nlines"}}); });
  EXPECT_NE(text.find(R"([app] failed why="two\nlines")"), std::string::npos) << text;
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
}

TEST(Log, LeavesOutWhatIsBelowItsLevel) {
  const auto text = written({LogLevel::warn, LogFormat::text, ""}, [](Log& log) {
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
