// The pieces of work that a request consists of, each as a function that can be repeated: micro.cpp times them,
// instructions.cpp counts their instructions. Every run is the same: fixed seeds, and a clock that stands still.
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

// Thread-safety: none. One thread makes the kernels and runs them.
[[nodiscard]] std::vector<Kernel> make_kernels();

}  // namespace wx::bench
