// Runs every kernel a fixed number of times under callgrind, which collects nothing else; scripts/instructions reads
// the counts. It also prints the allocations of each kernel, because one more allocation costs fewer instructions than
// the margin of the gate.
//
//   instructions --environment     the compiler and the C library, which the counts depend on
//   instructions                   one line per kernel: allocations per run, name
#include <cstdio>
#include <string_view>

#include <gnu/libc-version.h>
#include <valgrind/callgrind.h>

#include "kernels.hpp"
#include "support/allocations.hpp"

namespace {

constexpr int kWarm = 100;
constexpr int kRuns = 1000;  // scripts/instructions divides by this number

void print_environment() {
#ifdef __clang__
  std::printf("clang-%d.%d", __clang_major__, __clang_minor__);
#else
  std::printf("gcc-%d.%d", __GNUC__, __GNUC_MINOR__);
#endif
  std::printf(" glibc-%s\n", gnu_get_libc_version());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "--environment") {
    print_environment();
    return 0;
  }
  auto kernels = wx::bench::make_kernels();
  for (auto& kernel : kernels) {
    for (int i = 0; i < kWarm; ++i) kernel.once();
    const auto before = wx::test::allocations;
    CALLGRIND_ZERO_STATS;
    CALLGRIND_TOGGLE_COLLECT;
    for (int i = 0; i < kRuns; ++i) kernel.once();
    CALLGRIND_TOGGLE_COLLECT;
    CALLGRIND_DUMP_STATS_AT(kernel.name.c_str());
    std::printf("%zu\t%s\n", (wx::test::allocations - before) / kRuns, kernel.name.c_str());
  }
}
