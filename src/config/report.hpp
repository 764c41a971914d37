// What the program prints about its settings instead of serving.
#pragma once

#include <span>
#include <string>

#include "config/settings.hpp"

namespace wx::config {

// --help
[[nodiscard]] std::string help_text();

// --help-markdown: the README's table.
[[nodiscard]] std::string settings_markdown();

// --check-config: "NAME=value" lines, secrets hidden.
[[nodiscard]] std::string effective_settings(const Settings& settings);

// Everything that was wrong, and where to look.
[[nodiscard]] std::string mistakes_text(std::span<const std::string> mistakes);

}  // namespace wx::config
