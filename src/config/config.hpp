// Flags and environment -> Settings, or everything that is wrong with them at once.
//
// Precedence: flag, environment variable, default. An empty environment variable counts as not set. A secret may come
// from a file named by <SETTING>_FILE (REDIS_URL_FILE, OPEN_METEO_API_KEY_FILE); one end of line at its end is dropped.
// Thread-safety: pure but for what Environment's functions do; call it once, before the threads.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>

#include "config/settings.hpp"

namespace wx::config {

// What parse() may know of the world around the process.
struct Environment {
  // The environment variable of that name, if set.
  std::function<std::optional<std::string>(const std::string& name)> variable;
  // The whole content of a (small) file, if it can be read.
  std::function<std::optional<std::string>(const std::string& path)> file;
  unsigned cores = 1;     // that this process may use: affinity and cgroup quota
  bool terminal = false;  // whether the log goes to a terminal
};

// The real ones.
[[nodiscard]] Environment process_environment();

struct Outcome {
  enum class Action { serve, check_health, print };
  Action action = Action::serve;
  Settings settings;   // complete unless `action` is print
  std::string output;  // when `action` is print: to standard output if exit_code is 0, else to standard error
  int exit_code = 0;   // 0 after --help, --version, --check-config; 2 when something was wrong (1 for healthcheck)
};

// `arguments` are those of main() without the program's name.
[[nodiscard]] Outcome parse(std::span<const char* const> arguments, const Environment& environment);

}  // namespace wx::config
