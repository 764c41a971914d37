// The real environment of the process, for config::parse().
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config.hpp"
#include "config/cores.hpp"

namespace wx::config {
namespace {

std::optional<std::string> read_variable(const std::string& name) {
  const char* value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe): no thread changes it
  if (value == nullptr) return std::nullopt;
  return value;
}

// An open file.
class File {
 public:
  File(const std::string& path, int flags) : descriptor_(open(path.c_str(), O_RDONLY | O_CLOEXEC | flags)) {}
  ~File() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  [[nodiscard]] bool is_regular() const {
    struct stat status{};
    return fstat(descriptor_, &status) == 0 && S_ISREG(status.st_mode);
  }

  // Up to kMostRead bytes. Nothing if the file could not be opened, or not be read, as a directory.
  [[nodiscard]] std::optional<std::string> content() const {
    std::string content;
    std::array<char, 4096> buffer{};
    while (content.size() < kMostRead) {
      const auto got = read(descriptor_, buffer.data(), std::min(buffer.size(), kMostRead - content.size()));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return std::nullopt;
      if (got == 0) break;
      content.append(buffer.data(), static_cast<std::size_t>(got));
    }
    return content;
  }

 private:
  int descriptor_;
};

std::optional<std::string> read_file(const std::string& path) {
  return File(path, 0).content();
}

// The file is looked at after it was opened, because another may take its place before. O_NONBLOCK opens a FIFO without
// waiting for its writer.
std::optional<std::string> read_regular_file(const std::string& path) {
  const File file(path, O_NONBLOCK);
  return file.is_regular() ? file.content() : std::nullopt;
}

unsigned affinity() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return static_cast<unsigned>(CPU_COUNT(&set));
}

}  // namespace

Environment process_environment() {
  Environment environment;
  environment.variable = read_variable;
  environment.file = read_file;
  environment.regular_file = read_regular_file;
  environment.cores = allowed_cores(affinity(), read_file);
  environment.terminal = isatty(STDERR_FILENO) == 1;
  return environment;
}

}  // namespace wx::config
