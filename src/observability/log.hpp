// Log lines with fields, written by a thread of their own; when it cannot keep up the oldest lines are dropped and
// counted, and no request ever waits for a log.
//
// What belongs here: changes of state, faults, start and stop. Never a credential, never a line per hit.
// Thread-safety: everything from any thread.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

namespace wx::observability {

enum class LogLevel : std::uint8_t { debug, info, warn, error };
enum class LogFormat : std::uint8_t { text, json, gcp };

struct LogOptions {
  LogLevel level = LogLevel::info;
  LogFormat format = LogFormat::text;
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

class Log {
 public:
  virtual ~Log() = default;
  Log() = default;
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  // `room` is the room that speaks ("redis"), `message` a short sentence without a full stop.
  virtual void write(LogLevel level, std::string_view room, std::string_view message,
                     std::initializer_list<LogField> fields) = 0;
  [[nodiscard]] virtual bool enabled(LogLevel level) const = 0;

  void debug(std::string_view room, std::string_view message, std::initializer_list<LogField> fields = {}) {
    if (enabled(LogLevel::debug)) write(LogLevel::debug, room, message, fields);
  }
  void info(std::string_view room, std::string_view message, std::initializer_list<LogField> fields = {}) {
    if (enabled(LogLevel::info)) write(LogLevel::info, room, message, fields);
  }
  void warn(std::string_view room, std::string_view message, std::initializer_list<LogField> fields = {}) {
    if (enabled(LogLevel::warn)) write(LogLevel::warn, room, message, fields);
  }
  void error(std::string_view room, std::string_view message, std::initializer_list<LogField> fields = {}) {
    if (enabled(LogLevel::error)) write(LogLevel::error, room, message, fields);
  }
};

class Metrics;

// The program's log: to standard error, asynchronously. Flushes when destroyed. `metrics` must outlive it.
[[nodiscard]] std::unique_ptr<Log> make_log(const LogOptions& options, Metrics& metrics);

// A log that keeps nothing (tests, fuzzers).
[[nodiscard]] std::unique_ptr<Log> make_null_log();

}  // namespace wx::observability
