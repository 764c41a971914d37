// Log lines with fields, written by a thread of their own. If it cannot keep up, the oldest lines are dropped and
// counted; no request ever waits for the log.
//
// Log changes of state, faults, start and stop, and failed requests (endpoints/access_log selects them). Never log a
// credential, and never a line per hit.
//
// Thread-safety: everything from any thread.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "observability/trace_context.hpp"

namespace wx::observability {

enum class LogLevel : std::uint8_t { debug, info, warn, error };
enum class LogFormat : std::uint8_t { text, json, gcp };

struct LogOptions {
  LogLevel level = LogLevel::info;
  LogFormat format = LogFormat::text;
  std::string google_project;  // whose traces `gcp` lines point at; empty: the bare trace id
};

struct LogField {
  std::string_view key;
  std::variant<std::string_view, std::int64_t, double, bool> value;

  LogField(std::string_view k, std::string_view v) : key(k), value(v) {}
  LogField(std::string_view k, const char* v) : key(k), value(std::string_view(v)) {}
  LogField(std::string_view k, const std::string& v) : key(k), value(std::string_view(v)) {}
  LogField(std::string_view k, bool v) : key(k), value(v) {}
  LogField(std::string_view k, double v) : key(k), value(v) {}
  template <std::integral T>
  LogField(std::string_view k, T v) : key(k), value(static_cast<std::int64_t>(v)) {}
};

// One request and its answer. The query is left out: the place that a client asked for is private, and a secret may be
// in a URL by mistake.
struct RequestLine {
  std::string_view method;
  std::string_view path;
  int status = 0;
  std::size_t bytes = 0;  // of the body
  nanoseconds took{};
  std::string_view client;      // address
  std::string_view request_id;  // as answered in X-Request-Id
  std::optional<TraceContext> trace;
  std::string_view cache;        // as answered in X-Cache; empty: not asked
  std::string_view error;        // the kind; empty: none
  std::uint64_t suppressed = 0;  // similar lines that were left out before this one
};

// The fields of a request in `json` and `text` lines: views into `line`.
[[nodiscard]] std::vector<LogField> fields_of(const RequestLine& line);

class Log {
 public:
  virtual ~Log() = default;
  Log() = default;
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  // `room` is the name of the room that logs ("redis"), `message` a short sentence without a full stop.
  // A field `trace` is a trace id; it is left out if empty.
  virtual void write(LogLevel level, std::string_view room, std::string_view message,
                     std::span<const LogField> fields) = 0;
  virtual void write_request(LogLevel level, const RequestLine& line) = 0;
  [[nodiscard]] virtual bool enabled(LogLevel level) const = 0;

  void say(LogLevel level, std::string_view room, std::string_view message,
           std::initializer_list<LogField> fields = {}) {
    if (enabled(level)) write(level, room, message, {fields.begin(), fields.size()});
  }
  void debug(std::string_view room, std::string_view message, std::initializer_list<LogField> fields = {}) {
    say(LogLevel::debug, room, message, fields);
  }
  void info(std::string_view room, std::string_view message, std::initializer_list<LogField> fields = {}) {
    say(LogLevel::info, room, message, fields);
  }
  void warn(std::string_view room, std::string_view message, std::initializer_list<LogField> fields = {}) {
    say(LogLevel::warn, room, message, fields);
  }
  void error(std::string_view room, std::string_view message, std::initializer_list<LogField> fields = {}) {
    say(LogLevel::error, room, message, fields);
  }
};

class Metrics;

// The program's log: to standard error, asynchronously. Flushes when destroyed. `metrics` must outlive it.
[[nodiscard]] std::unique_ptr<Log> make_log(const LogOptions& options, Metrics& metrics);

// A log that keeps nothing (tests, fuzzers).
[[nodiscard]] std::unique_ptr<Log> make_null_log();

}  // namespace wx::observability
