// A library for LD_PRELOAD that moves the wall clock of a program that is not ours (redis-server) together with that of
// the program under test: it adds the offset in the file of support/movable_clock.hpp to every reading. The steady
// clock stays, so the program's timers run as usual.
//
// libfaketime cannot do this: its initialisation reads the clock through jemalloc, which redis-server uses and which
// reads the clock itself, and it gives up. This library needs no initialisation and calls no function of the C library
// that could read the clock.
#include <cstdlib>
#include <ctime>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "support/clock_offsets.hpp"

namespace {

const wx::test::ClockOffsets* g_offsets = nullptr;

// Runs before main(). Earlier readings get the machine's time.
[[gnu::constructor]] void map_offsets() {
  const char* const file = std::getenv(wx::test::kClockFile.data());
  if (file == nullptr) return;
  const int descriptor = ::open(file, O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) std::abort();
  void* const mapped = ::mmap(nullptr, sizeof(wx::test::ClockOffsets), PROT_READ, MAP_SHARED, descriptor, 0);
  if (mapped == MAP_FAILED) std::abort();
  ::close(descriptor);
  g_offsets = static_cast<const wx::test::ClockOffsets*>(mapped);
}

constexpr long kNanoseconds = 1'000'000'000;

int read_clock(clockid_t id, timespec* now) {
  const auto status = static_cast<int>(::syscall(SYS_clock_gettime, id, now));
  const bool wall = id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE;
  if (status != 0 || !wall || g_offsets == nullptr) return status;
  const auto ms = g_offsets->wall_ms.load();
  now->tv_sec += ms / 1000;
  now->tv_nsec += ms % 1000 * 1'000'000;
  if (now->tv_nsec >= kNanoseconds) {
    now->tv_nsec -= kNanoseconds;
    ++now->tv_sec;
  } else if (now->tv_nsec < 0) {
    now->tv_nsec += kNanoseconds;
    --now->tv_sec;
  }
  return 0;
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t id, timespec* now) noexcept {
  return read_clock(id, now);
}

int gettimeofday(timeval* now, void* /*zone*/) noexcept {
  timespec time{};
  if (const int status = read_clock(CLOCK_REALTIME, &time); status != 0) return status;
  now->tv_sec = time.tv_sec;
  now->tv_usec = time.tv_nsec / 1000;
  return 0;
}

time_t time(time_t* where) noexcept {
  timespec now{};
  read_clock(CLOCK_REALTIME, &now);
  if (where != nullptr) *where = now.tv_sec;
  return now.tv_sec;
}
}
