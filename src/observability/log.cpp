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

// The queue is allocated at start, half a kilobyte per line; a longer one would slow the start.
constexpr std::size_t kQueueLines = 1024;

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

// Google Cloud Logging writes severities in upper case; the other formats use lower case.
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

// A value in a text line: quoted if it has a space, with control characters escaped.
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
             std::span<const LogField> fields) override {
    std::string line = begin(level, room, message);
    for (const auto& field : fields) append_field(line, field);
    finish(level, line);
  }

  void write_request(LogLevel level, const RequestLine& request) override {
    const auto message = cat(request.method, " ", request.path, " ", request.status);
    if (options_.format != LogFormat::gcp) return write(level, "endpoints", message, fields_of(request));
    std::string line = begin(level, "endpoints", message);
    append_http_request(line, request);
    append_field(line, {"request_id", request.request_id});
    if (!request.cache.empty()) append_field(line, {"cache", request.cache});
    if (!request.error.empty()) append_field(line, {"error", request.error});
    if (request.suppressed > 0) append_field(line, {"suppressed", request.suppressed});
    if (request.trace) {
      append_field(line, {"trace", request.trace->trace_id});
      append_field(line, {"logging.googleapis.com/spanId", request.trace->parent_id});
      append_field(line, {"logging.googleapis.com/trace_sampled", request.trace->sampled});
    }
    finish(level, line);
  }

  [[nodiscard]] bool enabled(LogLevel level) const override { return level >= options_.level; }

 private:
  [[nodiscard]] std::string begin(LogLevel level, std::string_view room, std::string_view message) const {
    std::string line;
    if (options_.format == LogFormat::text) {
      line = cat("[", room, "] ");
      append_json_escaped(line, message);
      return line;
    }
    line = cat("\"", options_.format == LogFormat::gcp ? "severity" : "level", "\":\"",
               level_name(level, options_.format), "\",\"room\":\"", room, "\",\"message\":");
    append_json_string(line, message);
    return line;
  }

  void append_field(std::string& line, const LogField& field) const {
    const auto* text = std::get_if<std::string_view>(&field.value);
    const bool trace = field.key == "trace" && text != nullptr;
    if (trace && text->empty()) return;
    if (options_.format == LogFormat::text) {
      append(line, cat(" ", field.key, "="));
      append_text_value(line, field);
    } else if (trace && options_.format == LogFormat::gcp) {
      append(line, ",\"logging.googleapis.com/trace\":");
      append_json_string(line, options_.google_project.empty()
                                   ? std::string(*text)
                                   : cat("projects/", options_.google_project, "/traces/", *text));
    } else {
      append(line, cat(",\"", field.key, "\":"));
      append_json_value(line, field);
    }
  }

  // Google's HttpRequest; its 64-bit numbers are strings, its durations seconds with an "s".
  static void append_http_request(std::string& line, const RequestLine& request) {
    append(line, ",\"httpRequest\":{\"requestMethod\":");
    append_json_string(line, request.method);
    append(line, ",\"requestUrl\":");
    append_json_string(line, request.path);
    append(line, cat(",\"status\":", request.status, ",\"responseSize\":\"", request.bytes, "\",\"remoteIp\":"));
    append_json_string(line, request.client);
    append(line, ",\"latency\":\"");
    append_fixed(line, std::chrono::duration<double>(request.took).count(), 6);
    append(line, "s\"");
    if (!request.cache.empty()) {
      append(line, request.cache == "BYPASS" ? ",\"cacheLookup\":false" : ",\"cacheLookup\":true");
      append(line, request.cache == "HIT" || request.cache == "STALE" ? ",\"cacheHit\":true" : ",\"cacheHit\":false");
    }
    append(line, "}");
  }

  void finish(LogLevel level, const std::string& line) {
    logger_->log(spdlog_level(level), spdlog::string_view_t(line.data(), line.size()));
    note_dropped();
  }

  // Brings our counter of dropped lines up to that of spdlog.
  void note_dropped() {
    const auto now = pool_->overrun_counter();
    auto before = dropped_.load(std::memory_order_relaxed);
    while (now > before && !dropped_.compare_exchange_weak(before, now, std::memory_order_relaxed)) {
    }
    if (now > before) metrics_.add(Counter::log_dropped, now - before);
  }

  LogOptions options_;
  Metrics& metrics_;
  // The pool is destroyed before the logger: its destructor joins the log's thread, which uses the logger.
  std::shared_ptr<spdlog::async_logger> logger_;
  std::shared_ptr<spdlog::details::thread_pool> pool_;
  std::atomic<std::size_t> dropped_{0};
};

class NullLog final : public Log {
 public:
  void write(LogLevel, std::string_view, std::string_view, std::span<const LogField>) override {}
  void write_request(LogLevel, const RequestLine&) override {}
  [[nodiscard]] bool enabled(LogLevel) const override { return false; }
};

}  // namespace

std::vector<LogField> fields_of(const RequestLine& line) {
  std::vector<LogField> fields{{"status", line.status},
                               {"bytes", line.bytes},
                               {"ms", std::chrono::duration<double, std::milli>(line.took).count()},
                               {"client", line.client},
                               {"request_id", line.request_id}};
  if (!line.cache.empty()) fields.emplace_back("cache", line.cache);
  if (!line.error.empty()) fields.emplace_back("error", line.error);
  if (line.suppressed > 0) fields.emplace_back("suppressed", line.suppressed);
  if (line.trace) {
    fields.emplace_back("trace", line.trace->trace_id);
    fields.emplace_back("span", line.trace->parent_id);
  }
  return fields;
}

std::unique_ptr<Log> make_log(const LogOptions& options, Metrics& metrics) {
  return std::make_unique<SpdLog>(options, metrics);
}

std::unique_ptr<Log> make_null_log() {
  return std::make_unique<NullLog>();
}

}  // namespace wx::observability
