#include "open_meteo/thrown.hpp"

#include "observability/log_exception.hpp"

namespace wx::open_meteo {

Error thrown(observability::Log& log, std::string_view message) noexcept {
  observability::log_exception(log, "open_meteo", message);
  return {.kind = ErrorKind::internal};
}

}  // namespace wx::open_meteo
