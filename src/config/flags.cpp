#include "config/flags.hpp"

#include <algorithm>

#include <CLI/CLI.hpp>

#include "base/nearest.hpp"
#include "base/text.hpp"
#include "config/table.hpp"

namespace wx::config {
namespace {

constexpr std::string_view kHealthCheck = "healthcheck";
constexpr const char* kHelp = "--help";
constexpr const char* kVersion = "--version";
constexpr const char* kCheckConfig = "--check-config";
constexpr const char* kMarkdown = "--help-markdown";

bool is_flag(std::string_view text) {
  return text.size() > 1 && text.starts_with('-');
}

// Returns true if the word can only be a flag: two dashes, then small letters and dashes. Anything else may be a secret
// in the wrong place, such as a password that begins with a dash.
bool is_written_like_a_flag(std::string_view word) {
  return word.starts_with("--") && word.find_first_not_of("abcdefghijklmnopqrstuvwxyz-") == std::string_view::npos;
}

// Returns true for "--port --threads=2" and for a last "--port". "--port=" and an empty word after it are an empty
// value, which switches off what the environment sets.
bool is_bare(std::span<const char* const> arguments, std::string_view flag) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == flag && (i + 1 == arguments.size() || is_flag(arguments[i + 1]))) return true;
  }
  return false;
}

void add_unknown(const std::vector<std::string>& unknown, std::span<const std::string> settings, Flags& out) {
  std::vector<std::string> known{kHelp, kVersion, kCheckConfig};
  for (const auto& setting : settings) known.push_back(flag_of(setting));
  bool value_expected = false;
  for (const auto& word : unknown) {
    if (!is_flag(word)) {
      // The word after "--unknown" was probably its value, so the pair is one mistake.
      if (!value_expected)
        out.mistakes.push_back("unexpected word on the command line; write settings as --name=value");
      value_expected = false;
      continue;
    }
    const auto flag = word.substr(0, word.find('='));
    value_expected = flag.size() == word.size();
    if (!is_written_like_a_flag(flag)) {
      out.mistakes.push_back("unknown flag (not shown); write settings as --name=value");
      continue;
    }
    const auto suggestion = nearest(flag, known);
    out.mistakes.push_back(suggestion.empty() ? cat(flag, ": unknown flag")
                                              : cat(flag, ": unknown flag; did you mean ", suggestion, "?"));
  }
}

}  // namespace

Flags read_flags(std::span<const char* const> arguments, std::span<const std::string> settings) {
  CLI::App app;
  app.set_help_flag();  // CLI11's own help flag throws; --help is an ordinary flag below
  app.allow_extras();
  // CLI11 stops at its first error. It may accept every value missing or repeated, so that we can report all mistakes.
  std::vector<CLI::Option*> options;
  for (const auto& setting : settings) {
    auto* option = app.add_option(flag_of(setting));
    option->expected(0, 1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    options.push_back(option);
  }
  const auto* help = app.add_flag(std::string("-h,") + kHelp);
  const auto* version = app.add_flag(kVersion);
  const auto* check_config = app.add_flag(kCheckConfig);
  const auto* markdown = app.add_flag(kMarkdown);

  Flags out;
  out.health_check = !arguments.empty() && arguments.front() == kHealthCheck;
  if (out.health_check) arguments = arguments.subspan(1);
  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());  // the order that CLI11 expects
  try {
    app.parse(reversed);
  } catch (const CLI::ParseError&) {
    // Its text may repeat a value. With the options above, it can only be about the flags below.
    out.mistakes.push_back(cat(kHelp, ", ", kVersion, " and ", kCheckConfig, " take no value"));
  }
  for (std::size_t i = 0; i < options.size(); ++i) {
    const auto values = options[i]->results();
    const auto flag = flag_of(settings[i]);
    if (values.size() > 1) out.mistakes.push_back(cat(flag, ": given more than once"));
    if (!values.empty()) out.given.push_back({settings[i], values.front(), is_bare(arguments, flag)});
  }
  add_unknown(app.remaining(), settings, out);
  out.help = help->count() > 0;
  out.version = version->count() > 0;
  out.check_config = check_config->count() > 0;
  out.markdown = markdown->count() > 0;
  return out;
}

}  // namespace wx::config
