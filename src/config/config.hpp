// Turns flags and environment variables into Settings, or reports every mistake in them at once.
//
// Precedence: flag, environment variable, default. An empty environment variable counts as not set. A secret may come
// from a file named by <SETTING>_FILE (such as REDIS_URL_FILE); one trailing line end is dropped.
// Thread-safety: pure except for Environment's functions. Call it once, before any thread starts.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>

#include "config/settings.hpp"

namespace wx::config {

// Everything that parse() reads from outside the command line.
struct Environment {
  // The environment variable with that name, if it is set.
  std::function<std::optional<std::string>(const std::string& name)> variable;
  // The whole content of a small file, if it is readable.
  std::function<std::optional<std::string>(const std::string& path)> file;
  unsigned cores = 1;     // this process may use: affinity and cgroup quota
  bool terminal = false;  // whether the log goes to a terminal
};

// The environment of this process.
[[nodiscard]] Environment process_environment();

struct Outcome {
  enum class Action { serve, check_health, print };
  Action action = Action::serve;
  Settings settings;   // complete unless `action` is print
  std::string output;  // for `print`: goes to standard output if exit_code is 0, else to standard error
  int exit_code = 0;   // 0 after --help, --version and --check-config; 2 after a mistake (1 for healthcheck)
};

// `arguments` are main()'s, without the program name.
[[nodiscard]] Outcome parse(std::span<const char* const> arguments, const Environment& environment);

}  // namespace wx::config
