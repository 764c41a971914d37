#include "observability/log.hpp"

#include <cmath>

#include <spdlog/async.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/sinks/stdout_sinks.h>

#include "base/text.hpp"
#include "observability/metrics.hpp"

namespace wx::observability {
namespace {

constexpr std::size_t kQueueLines = 8192;

spdlog::level::level_enum spdlog_level(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warn:
      return spdlog::level::warn;
    case LogLevel::error:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

// The names that Google Cloud Logging gives to severities are upper case; people read lower case.
std::string_view level_name(LogLevel level, LogFormat format) {
  const bool gcp = format == LogFormat::gcp;
  switch (level) {
    case LogLevel::debug:
      return gcp ? "DEBUG" : "debug";
    case LogLevel::info:
      return gcp ? "INFO" : "info";
    case LogLevel::warn:
      return gcp ? "WARNING" : "warn";
    case LogLevel::error:
      return gcp ? "ERROR" : "error";
  }
  return "info";
}

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  append_json_escaped(out, text);
  out += '"';
}

void append_json_value(std::string& out, const LogField& field) {
  if (const auto* text = std::get_if<std::string_view>(&field.value)) {
    append_json_string(out, *text);
  } else if (const auto* integer = std::get_if<std::int64_t>(&field.value)) {
    append(out, *integer);
  } else if (const auto* number = std::get_if<double>(&field.value)) {
    if (std::isfinite(*number)) {
      append_fixed(out, *number, 3);
    } else {
      out += "null";
    }
  } else {
    out += std::get<bool>(field.value) ? "true" : "false";
  }
}

// A value as people read it: one line, quoted when it has a space, control characters made visible.
void append_text_value(std::string& out, const LogField& field) {
  const auto* text = std::get_if<std::string_view>(&field.value);
  if (text == nullptr) {
    append_json_value(out, field);
  } else if (text->empty() || text->find_first_of(" \"=\n\r\t") != std::string_view::npos) {
    append_json_string(out, *text);
  } else {
    append_json_escaped(out, *text);
  }
}

class SpdLog final : public Log {
 public:
  SpdLog(const LogOptions& options, Metrics& metrics)
      : options_(options), metrics_(metrics), pool_(std::make_shared<spdlog::details::thread_pool>(kQueueLines, 1)) {
    spdlog::sink_ptr sink;
    if (options.format == LogFormat::text) {
      sink = std::make_shared<spdlog::sinks::stderr_color_sink_mt>();
      sink->set_pattern("%Y-%m-%d %H:%M:%S.%e %^%-7l%$ %v");
    } else {
      sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
      sink->set_formatter(std::make_unique<spdlog::pattern_formatter>("{\"time\":\"%Y-%m-%dT%H:%M:%S.%eZ\",%v}",
                                                                      spdlog::pattern_time_type::utc));
    }
    logger_ = std::make_shared<spdlog::async_logger>("weather-cache", std::move(sink), pool_,
                                                     spdlog::async_overflow_policy::overrun_oldest);
    logger_->set_level(spdlog_level(options.level));
    logger_->flush_on(spdlog::level::info);
  }

  void write(LogLevel level, std::string_view room, std::string_view message,
             std::initializer_list<LogField> fields) override {
    std::string line;
    if (options_.format == LogFormat::text) {
      line = cat("[", room, "] ");
      append_json_escaped(line, message);
      for (const auto& field : fields) {
        append(line, cat(" ", field.key, "="));
        append_text_value(line, field);
      }
    } else {
      line = cat("\"", options_.format == LogFormat::gcp ? "severity" : "level", "\":\"",
                 level_name(level, options_.format), "\",\"room\":\"", room, "\",\"message\":");
      append_json_string(line, message);
      for (const auto& field : fields) {
        append(line, cat(",\"", field.key, "\":"));
        append_json_value(line, field);
      }
    }
    logger_->log(spdlog_level(level), spdlog::string_view_t(line.data(), line.size()));
    note_dropped();
  }

  [[nodiscard]] bool enabled(LogLevel level) const override { return level >= options_.level; }

 private:
  // spdlog counts the lines that it overran; ours follows that count.
  void note_dropped() {
    const auto now = pool_->overrun_counter();
    auto before = dropped_.load(std::memory_order_relaxed);
    while (now > before && !dropped_.compare_exchange_weak(before, now, std::memory_order_relaxed)) {
    }
    if (now > before) metrics_.add(Counter::log_dropped, now - before);
  }

  LogOptions options_;
  Metrics& metrics_;
  // The pool goes first: its end joins the log's thread, which uses the logger.
  std::shared_ptr<spdlog::async_logger> logger_;
  std::shared_ptr<spdlog::details::thread_pool> pool_;
  std::atomic<std::size_t> dropped_{0};
};

class NullLog final : public Log {
 public:
  void write(LogLevel, std::string_view, std::string_view, std::initializer_list<LogField>) override {}
  [[nodiscard]] bool enabled(LogLevel) const override { return false; }
};

}  // namespace

std::unique_ptr<Log> make_log(const LogOptions& options, Metrics& metrics) {
  return std::make_unique<SpdLog>(options, metrics);
}

std::unique_ptr<Log> make_null_log() {
  return std::make_unique<NullLog>();
}

}  // namespace wx::observability
