// The table of settings: the source of --help, docs/settings.md, the flags, and the reading of values.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "config/settings.hpp"

namespace wx::config {

enum class Secrecy : bool { open, secret };

struct Setting {
  std::string_view name;           // of the environment variable; the flag is the same in lower case with dashes
  std::string_view default_value;  // as a user writes it; empty: none
  std::string_view meaning;        // for --help and docs/settings.md; contains no '|' and no line break
  std::string_view expected;       // completes "expected ..." in the message about an invalid value
  Secrecy secrecy;                 // secret: never shown, and <name>_FILE is accepted

  // Stores the value and returns whether it is valid. May set `why` to the exact reason, without the value of a secret;
  // if `why` stays empty, the message uses `expected`.
  bool (*set)(Settings& settings, std::string_view value, std::string& why);
  // The effective value as a user writes it. For a secret, a text that does not reveal it.
  std::string (*show)(const Settings& settings);
};

[[nodiscard]] std::span<const Setting> settings_table();

// "REDIS_URL" -> "--redis-url"
[[nodiscard]] std::string flag_of(std::string_view setting_name);

}  // namespace wx::config
