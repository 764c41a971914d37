#include "config/report.hpp"

#include "base/text.hpp"
#include "base/version.hpp"
#include "config/table.hpp"

namespace wx::config {
namespace {

// Removes the backticks, which are for Markdown only.
std::string plain(std::string_view markdown) {
  std::string out;
  for (const char c : markdown) {
    if (c != '`') out += c;
  }
  return out;
}

// Breaks `text` at spaces into lines of at most kColumns, each after `margin`.
std::string wrapped(std::string_view text, std::string_view margin) {
  constexpr std::size_t kColumns = 100;
  std::string out;
  while (!text.empty()) {
    std::size_t end = text.size();
    if (margin.size() + end > kColumns) {
      end = text.rfind(' ', kColumns - margin.size());
      if (end == std::string_view::npos) end = text.size();
    }
    append(out, cat(margin, text.substr(0, end), "\n"));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

}  // namespace

std::string help_text() {
  std::string out = cat("weather-cache ", version(),
                        ": answers weather queries from memory, from Redis, or from the provider\n\n"
                        "Usage: weather-cache [--setting=value ...]\n"
                        "       weather-cache healthcheck [--setting=value ...]\n\n"
                        "healthcheck asks the service with the same settings on this machine whether it is ready.\n"
                        "It exits with 0 if the service is ready within two seconds, else with 1.\n\n"
                        "Each setting is a flag or the environment variable beside it; the flag takes precedence.\n"
                        "Write durations as 300ms, 10s, 5m, 24h or 1h30m; a number alone is in seconds.\n"
                        "To read a secret from a file, set NAME_FILE to its path. SIGHUP reads these files again.\n\n");
  for (const auto& setting : settings_table()) {
    append(out, cat("  ", flag_of(setting.name), "  ", setting.name));
    if (setting.secrecy == Secrecy::secret) append(out, cat(" or ", setting.name, "_FILE"));
    if (!setting.default_value.empty()) append(out, cat("  (", setting.default_value, ")"));
    append(out, cat("\n", wrapped(plain(setting.meaning), "      ")));
  }
  append(out,
         "\n  --check-config\n      Print the effective settings, secrets hidden, and exit\n"
         "  --version\n      Print the version and exit\n"
         "  --help, -h\n      Print this and exit\n");
  return out;
}

std::string settings_markdown() {
  std::string out = "| setting | default | meaning |\n| --- | --- | --- |\n";
  for (const auto& setting : settings_table()) {
    append(out, cat("| `", setting.name, "`"));
    if (setting.secrecy == Secrecy::secret) append(out, cat(", `", setting.name, "_FILE`"));
    append(out, " | ");
    append(out, setting.default_value.empty() ? std::string("none") : cat("`", setting.default_value, "`"));
    append(out, cat(" | ", setting.meaning, " |\n"));
  }
  return out;
}

std::string effective_settings(const Settings& settings) {
  std::string out;
  for (const auto& setting : settings_table()) append(out, cat(setting.name, "=", setting.show(settings), "\n"));
  return out;
}

std::string mistakes_text(std::span<const std::string> mistakes) {
  std::string out = cat("weather-cache cannot start: ", mistakes.size(),
                        mistakes.size() == 1 ? " mistake in the settings\n" : " mistakes in the settings\n");
  for (const auto& mistake : mistakes) append(out, cat("  ", mistake, "\n"));
  append(out, "weather-cache --help describes every setting\n");
  return out;
}

}  // namespace wx::config
