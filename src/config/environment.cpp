// The real environment of the process, for config::parse().
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <sched.h>
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

std::optional<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  std::string content{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (file.bad()) return std::nullopt;  // a directory can be opened but not read
  return content;
}

bool is_regular(const std::string& path) {
  std::error_code error;
  return std::filesystem::is_regular_file(path, error);
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
  environment.regular = is_regular;
  environment.cores = allowed_cores(affinity(), read_file);
  environment.terminal = isatty(STDERR_FILENO) == 1;
  return environment;
}

}  // namespace wx::config
