// The program with a clock that a test can move (support/movable_clock.hpp). Otherwise it is src/main.cpp.
#include <cstdlib>
#include <string>

#include "app/run.hpp"
#include "base/clock.hpp"
#include "support/movable_clock.hpp"

int main(int argc, char** argv) {
  const std::span<const char* const> arguments(argv + (argc > 0 ? 1 : 0),
                                               static_cast<std::size_t>(argc > 0 ? argc - 1 : 0));
  const char* const file = std::getenv(wx::test::kClockFile.data());  // NOLINT(concurrency-mt-unsafe): one thread
  if (file == nullptr) return wx::app::run(arguments, wx::SystemClock());
  return wx::app::run(arguments, wx::test::MovableClock(file));
}
