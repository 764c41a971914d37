// A log that tests can read. Thread-safe.
#pragma once

#include <atomic>
#include <mutex>
#include <stdexcept>
#include <string>

#include "base/text.hpp"
#include "observability/log.hpp"

namespace wx::test {

class MemoryLog final : public observability::Log {
 public:
  void write(observability::LogLevel, std::string_view room, std::string_view message,
             std::span<const observability::LogField> fields) override {
    std::string line = cat(room, ": ", message);
    for (const auto& field : fields) {
      append(line, cat(" ", field.key, "="));
      std::visit(
          [&](const auto& value) {
            using T = std::decay_t<decltype(value)>;
            if constexpr (std::is_same_v<T, double>) {
              append_fixed(line, value, 3);
            } else if constexpr (std::is_same_v<T, bool>) {
              append(line, value ? "true" : "false");
            } else {
              append(line, value);
            }
          },
          field.value);
    }
    {
      const std::lock_guard lock(mutex_);
      text_ += line + '\n';
    }
    if (fails) throw std::runtime_error("the log broke");
  }
  void write_request(observability::LogLevel level, const observability::RequestLine& line) override {
    write(level, "request", cat(line.method, " ", line.path), observability::fields_of(line));
  }
  [[nodiscard]] bool enabled(observability::LogLevel of) const override { return of >= least; }

  observability::LogLevel least = observability::LogLevel::debug;  // set before use
  std::atomic<bool> fails{false};                                  // write() throws after it has stored the line

  [[nodiscard]] std::string text() const {
    const std::lock_guard lock(mutex_);
    return text_;
  }
  [[nodiscard]] bool contains(std::string_view what) const { return text().find(what) != std::string::npos; }
  // How often the log contains `what`.
  [[nodiscard]] int count(std::string_view what) const {
    const std::string all = text();
    int count = 0;
    for (auto at = all.find(what); at != std::string::npos; at = all.find(what, at + what.size())) ++count;
    return count;
  }

 private:
  mutable std::mutex mutex_;
  std::string text_;  // guarded by mutex_
};

}  // namespace wx::test
