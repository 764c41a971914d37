// The command line as names and texts, nothing interpreted. flags.cpp is the only file that knows CLI11.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace wx::config {

struct Flags {
  struct Given {
    std::string setting;  // "REDIS_URL"
    std::string value;    // empty if none was given
  };
  std::vector<Given> given;           // each setting once
  std::vector<std::string> mistakes;  // unknown flags, stray words, flags given twice; a sentence each
  bool health_check = false;          // the first word was "healthcheck"
  bool help = false;
  bool version = false;
  bool check_config = false;
  bool markdown = false;  // --help-markdown: the README's table
};

// `settings` are the names that have a flag. Values are not echoed in mistakes: one might be a secret.
[[nodiscard]] Flags read_flags(std::span<const char* const> arguments, std::span<const std::string> settings);

}  // namespace wx::config
