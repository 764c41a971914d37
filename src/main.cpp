#include "app/run.hpp"
#include "base/clock.hpp"

int main(int argc, char** argv) {
  const wx::SystemClock clock;
  return wx::app::run({argv + (argc > 0 ? 1 : 0), static_cast<std::size_t>(argc > 0 ? argc - 1 : 0)}, clock);
}
