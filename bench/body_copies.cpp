// Counts how often a large body is copied on its way: the bytes that memcpy and memmove move in pieces of at least 16
// KiB, in bodies of 100 kB per run. Reads and writes of sockets belong to the kernel and are not counted. The program
// replaces both functions, so it is separate from instructions.cpp. One copy of a store is the loader's, which makes
// the body.
#include <cstddef>
#include <cstdio>

#include "kernels.hpp"

namespace {

constexpr std::size_t kLargePiece = std::size_t{16} * 1024;
constexpr double kBody = 100'000;
constexpr int kRuns = 100;
std::size_t copied = 0;

void note(std::size_t size) {
  if (size >= kLargePiece) copied += size;
}

}  // namespace

extern "C" void* memcpy(void* to, const void* from, std::size_t size) {
  note(size);
  void* at = to;
  asm volatile("rep movsb" : "+D"(at), "+S"(from), "+c"(size)::"memory");
  return to;
}

extern "C" void* memmove(void* to, const void* from, std::size_t size) {
  if (to <= from || static_cast<const char*>(from) + size <= to) return memcpy(to, from, size);
  note(size);
  void* at = static_cast<char*>(to) + size - 1;
  const void* last = static_cast<const char*>(from) + size - 1;
  if (size != 0) asm volatile("std; rep movsb; cld" : "+D"(at), "+S"(last), "+c"(size)::"memory");
  return to;
}

int main() {
  for (auto& kernel : wx::bench::make_kernels()) {
    if (!kernel.name.contains("100 kB")) continue;
    for (int i = 0; i < kRuns; ++i) kernel.once();  // until the buffers have grown
    const std::size_t before = copied;
    for (int i = 0; i < kRuns; ++i) kernel.once();
    std::printf("%6.2f bodies copied  %s\n", static_cast<double>(copied - before) / kBody / kRuns, kernel.name.c_str());
  }
}
