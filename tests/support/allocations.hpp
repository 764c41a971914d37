// Counts the allocations of each thread, for tests which promise that something allocates nothing, and makes one
// allocation fail, for tests of the damage. It replaces the operator new of the program, so include it in only one
// source file of a program.
#pragma once

#include <cstdlib>
#include <new>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define WX_SANITIZER_ALLOCATES
#endif
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define WX_SANITIZER_ALLOCATES
#endif

#ifdef WX_SANITIZER_ALLOCATES
#include <sanitizer/allocator_interface.h>
#endif

namespace wx::test {

// Allocations of the calling thread since it started. Check somewhere that the count grows: a count that never changes
// proves nothing.
inline thread_local std::size_t allocations = 0;

// Allocations of at least kLarge bytes: buffers that hold a large body.
inline constexpr std::size_t kLarge = std::size_t{512} << 10;
inline thread_local std::size_t large_allocations = 0;

// Makes the nth allocation of the calling thread from now on fail, once. 0: none. It has no effect if a sanitizer
// allocates (kAllocationsCanFail).
inline thread_local std::size_t failing_allocation = 0;
#ifdef WX_SANITIZER_ALLOCATES
inline constexpr bool kAllocationsCanFail = false;
#else
inline constexpr bool kAllocationsCanFail = true;
#endif

inline void count_allocation(std::size_t size) {
  ++allocations;
  if (size >= kLarge) ++large_allocations;
}

#ifdef WX_SANITIZER_ALLOCATES
// The sanitizers bring their own operator new and call these hooks.
inline const int kAllocationHook = __sanitizer_install_malloc_and_free_hooks(
    [](const volatile void*, std::size_t size) { count_allocation(size); }, [](const volatile void*) {});
#else
inline void* counted_allocation(std::size_t size) {
  count_allocation(size);
  if (failing_allocation > 0 && --failing_allocation == 0) throw std::bad_alloc();
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
#endif

}  // namespace wx::test

#ifndef WX_SANITIZER_ALLOCATES

void* operator new(std::size_t size) {
  return wx::test::counted_allocation(size);
}
void* operator new[](std::size_t size) {
  return wx::test::counted_allocation(size);
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete[](void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
  std::free(memory);
}

#endif
