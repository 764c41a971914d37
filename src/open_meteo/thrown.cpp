#include "open_meteo/thrown.hpp"

#include <exception>

namespace wx::open_meteo {

Error thrown(observability::Log& log, std::string_view done) {
  const auto say = [&](std::string_view what) {
    log.error("open_meteo", "caught an unexpected exception", {{"while", done}, {"exception", what}});
  };
  try {
    throw;
  } catch (const std::exception& exception) {
    say(exception.what());
  } catch (...) {
    say("of a type that is not std::exception");
  }
  return {.kind = ErrorKind::internal};
}

}  // namespace wx::open_meteo
