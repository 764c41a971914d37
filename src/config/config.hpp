// Turns flags and environment variables into Settings, or reports every mistake in them at once.
//
// Precedence: flag, environment variable, default. An empty environment variable counts as not set. A secret may come
// from a file named by <SETTING>_FILE (such as REDIS_URL_FILE); one trailing line end is dropped.
// Thread-safety: pure except for Environment's functions. Call parse() once, before any thread starts.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/settings.hpp"

namespace wx::config {

// Everything that parse() reads from outside the command line.
struct Environment {
  // The environment variable with that name, if it is set.
  std::function<std::optional<std::string>(const std::string& name)> variable;
  // The content of a file, or its first kMostRead bytes, if it is readable. A pipe is read until its writer closes it.
  std::function<std::optional<std::string>(const std::string& path)> file;
  // The same, but never waits: only a regular file is readable.
  std::function<std::optional<std::string>(const std::string& path)> regular_file;
  unsigned cores = 1;     // this process may use: affinity and cgroup quota
  bool terminal = false;  // whether the log goes to a terminal
};

// Far above what any file here holds; a path may lead to an endless file.
inline constexpr std::size_t kMostRead = 1UL << 20;
// Far above any secret.
inline constexpr std::size_t kLongestSecretFile = 64UL << 10;

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

// The result of reread_secrets().
struct Reread {
  std::vector<std::string_view> names;  // the settings in `settings` that were read: "REDIS_URL"
  Settings settings;                    // only the members of these settings count
  std::vector<std::string> mistakes;    // one sentence for each file that has no valid secret
};

// Reads the secrets again that come from files (<SETTING>_FILE), without waiting for any. A file must still be a
// regular file, of at most kLongestSecretFile bytes, with a valid value. `arguments` are those of parse(). Thread: the
// main thread; `environment` reads the variables of the process, which nothing changes.
[[nodiscard]] Reread reread_secrets(std::span<const char* const> arguments, const Environment& environment);

}  // namespace wx::config
