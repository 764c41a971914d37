// The texts about settings that the program prints instead of serving.
#pragma once

#include <span>
#include <string>

#include "config/settings.hpp"

namespace wx::config {

// --help
[[nodiscard]] std::string help_text();

// --help-markdown: the table in docs/settings.md.
[[nodiscard]] std::string settings_markdown();

// --check-config: "NAME=value" lines, secrets hidden.
[[nodiscard]] std::string effective_settings(const Settings& settings);

// The list of mistakes, with a pointer to --help.
[[nodiscard]] std::string mistakes_text(std::span<const std::string> mistakes);

}  // namespace wx::config
