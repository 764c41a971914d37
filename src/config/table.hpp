// The one table of settings: --help, the README's table, the flags and the reading of values all come from it.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "config/settings.hpp"

namespace wx::config {

enum class Secrecy : bool { open, secret };

struct Setting {
  std::string_view name;           // of the environment variable; the flag is the same in lower case with dashes
  std::string_view default_value;  // as one would write it; empty: none
  std::string_view meaning;        // for --help and the README; no '|' and no line break
  std::string_view expected;       // ends "expected ..." when a value is wrong
  Secrecy secrecy;                 // secret: never shown, and <name>_FILE is understood

  // Puts the value in its place and says whether it is right; may leave in `why` what exactly is wrong with it (never
  // the value of a secret), else `expected` is told.
  bool (*set)(Settings& settings, std::string_view value, std::string& why);
  // The effective value, as one would write it; for a secret something that gives nothing away.
  std::string (*show)(const Settings& settings);
};

[[nodiscard]] std::span<const Setting> settings_table();

// "REDIS_URL" -> "--redis-url"
[[nodiscard]] std::string flag_of(std::string_view setting_name);

}  // namespace wx::config
