#include "observability/log_exception.hpp"

#include <exception>

namespace wx::observability {

std::string text_of_exception() {
  try {
    throw;
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "not a std::exception";
  }
}

void log_exception(Log& log, std::string_view room, std::string_view message,
                   std::initializer_list<LogField> fields) noexcept {
  // Logging allocates, so it may fail as well if memory was missing. The line is then lost, and the process goes on.
  try {
    const std::string what = text_of_exception();
    std::vector<LogField> all{{"what", what}};
    all.insert(all.end(), fields.begin(), fields.end());
    if (log.enabled(LogLevel::error)) log.write(LogLevel::error, room, message, all);
  } catch (...) {  // NOLINT(bugprone-empty-catch)
  }
}

}  // namespace wx::observability
