#include "base/clock.hpp"

#include <fstream>

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

namespace wx {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

std::chrono::nanoseconds read(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return seconds(now.tv_sec) + nanoseconds(now.tv_nsec);
}

TEST(SystemClock, NeverGoesBack) {
  const SystemClock clock;
  auto last = clock.steady();
  for (int i = 0; i < 1000; ++i) {
    const auto now = clock.steady();
    EXPECT_GE(now, last);
    last = now;
  }
}

// A suspended machine, as the kernel shows it in a time namespace (time_namespaces(7)): CLOCK_BOOTTIME is two hours
// ahead, and CLOCK_MONOTONIC is not. A namespace is for the children of the process that makes it.
TEST(SystemClock, CountsTheTimeForWhichTheMachineIsSuspended) {
  constexpr int kNoNamespace = 77;
  constexpr int kNotCounted = 1;
  const pid_t maker = fork();
  ASSERT_GE(maker, 0);
  if (maker == 0) {
    if (unshare(CLONE_NEWUSER | CLONE_NEWTIME) != 0) _exit(kNoNamespace);
    if (!(std::ofstream("/proc/self/timens_offsets") << "boottime 7200 0\n").flush()) _exit(kNoNamespace);
    const auto before = SystemClock().steady().time_since_epoch();
    const pid_t child = fork();
    if (child == 0) {
      const auto now = SystemClock().steady().time_since_epoch();
      const bool monotonic_too = read(CLOCK_MONOTONIC) > before + hours(1);
      _exit(!monotonic_too && now > before + hours(1) && now < before + hours(3) ? 0 : kNotCounted);
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status)) _exit(kNoNamespace);
    _exit(WEXITSTATUS(status));
  }
  int status = 0;
  ASSERT_EQ(waitpid(maker, &status, 0), maker);
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == kNoNamespace) GTEST_SKIP() << "no permission for a time namespace";
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace wx
