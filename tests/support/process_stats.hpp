// Facts that the kernel tells about a running process.
#pragma once

#include <chrono>
#include <cstddef>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

#include <sys/types.h>
#include <unistd.h>

namespace wx::test {

// A number of bytes from /proc/<pid>/status, for a name such as "RssAnon:". 0 if there is none.
[[nodiscard]] inline std::size_t status_bytes(pid_t pid, std::string_view name) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(name)) return std::stoul(line.substr(name.size())) * 1024;
  }
  return 0;
}

// Resident memory that belongs to the process, not to a file.
[[nodiscard]] inline std::size_t anonymous_bytes(pid_t pid) {
  return status_bytes(pid, "RssAnon:");
}

// The largest resident memory so far.
[[nodiscard]] inline std::size_t peak_resident_bytes(pid_t pid) {
  return status_bytes(pid, "VmHWM:");
}

// User and system time so far.
[[nodiscard]] inline std::chrono::milliseconds cpu_time(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  std::getline(file, text);
  std::istringstream rest(text.substr(text.rfind(')') + 1));  // the name before it may contain anything
  std::string skipped;
  for (int i = 0; i < 11; ++i) rest >> skipped;
  long user = 0;
  long system = 0;
  rest >> user >> system;
  return std::chrono::milliseconds((user + system) * 1000 / ::sysconf(_SC_CLK_TCK));
}

}  // namespace wx::test
