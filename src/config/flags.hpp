// Splits the command line into setting names and their texts, without interpreting values. Only flags.cpp uses CLI11.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace wx::config {

struct Flags {
  struct Given {
    std::string setting;  // "REDIS_URL"
    std::string value;    // empty if the flag has no value
    bool bare = false;    // there is not even an empty value, as in "--port="
  };
  std::vector<Given> given;           // each setting at most once
  std::vector<std::string> mistakes;  // unknown flags, stray words, repeated flags; one sentence each
  bool health_check = false;          // the first word was "healthcheck"
  bool help = false;
  bool version = false;
  bool check_config = false;
  bool markdown = false;  // --help-markdown: the table in docs/settings.md
};

// `settings` lists the names that have a flag. Mistakes never repeat a value, which might be a secret.
[[nodiscard]] Flags read_flags(std::span<const char* const> arguments, std::span<const std::string> settings);

}  // namespace wx::config
