// Logs an exception that no handler below has caught: a bug, or a lack of memory.
//
// Thread-safety: any thread.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "observability/log.hpp"

namespace wx::observability {

// The text of the exception that is being handled. Call it in a catch block.
[[nodiscard]] std::string text_of_exception();

// Logs the exception that is being handled as an error, with its text in the field `what` before the other fields. Call
// it in a catch block.
void log_exception(Log& log, std::string_view room, std::string_view message,
                   std::initializer_list<LogField> fields = {}) noexcept;

}  // namespace wx::observability
