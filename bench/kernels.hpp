// The work that a request is made of, each piece as something that can be done over and over: timed by micro.cpp,
// counted in instructions by instructions.cpp. Everything is the same from run to run: fixed seeds, a clock that
// stands still.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace wx::bench {

struct Kernel {
  std::string name;
  std::function<void()> once;
};

// Thread-safety: none; one thread makes them and runs them.
[[nodiscard]] std::vector<Kernel> make_kernels();

}  // namespace wx::bench
