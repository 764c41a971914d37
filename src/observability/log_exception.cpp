#include "observability/log_exception.hpp"

#include <exception>

namespace wx::observability {

void log_exception(Log& log, std::string_view room, std::string_view message) noexcept {
  // Logging allocates, so it may fail where memory is what was missing: the line is lost then, the process is not.
  try {
    try {
      throw;
    } catch (const std::exception& error) {
      log.error(room, message, {{"what", error.what()}});
    } catch (...) {
      log.error(room, message, {{"what", "not a std::exception"}});
    }
  } catch (...) {  // NOLINT(bugprone-empty-catch)
  }
}

}  // namespace wx::observability
