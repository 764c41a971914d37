// One table: the defaults of the struct, --help and docs/settings.md in both languages agree.
#include "config/table.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/report.hpp"

namespace wx::config {
namespace {

using testing::HasSubstr;

std::string project_file(const char* name) {
  const auto path = std::filesystem::path(WX_SOURCE) / name;
  std::ifstream file(path);
  EXPECT_TRUE(file) << path;
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

TEST(SettingsTable, DefaultsOfTheTableAreDefaultsOfTheStruct) {
  const std::set<std::string_view> resolved_by_parse{"THREADS",       "LOG_FORMAT",       "CACHE_WRITE",
                                                     "CACHE_REFRESH", "LAB_REDIS_OUTAGE", "DROP_IN"};
  for (const auto& setting : settings_table()) {
    if (resolved_by_parse.contains(setting.name)) continue;
    EXPECT_EQ(setting.show(Settings{}), setting.default_value) << setting.name;
  }
}

TEST(SettingsTable, EveryDefaultIsAValidValueThatChangesNothing) {
  for (const auto& setting : settings_table()) {
    Settings settings;
    const auto before = effective_settings(settings);
    std::string why;
    EXPECT_TRUE(setting.set(settings, setting.default_value, why)) << setting.name << ": " << why;
    EXPECT_EQ(effective_settings(settings), before) << setting.name;
  }
}

TEST(SettingsTable, NamesAreUniqueAndDescribed) {
  std::set<std::string_view> names;
  for (const auto& setting : settings_table()) {
    EXPECT_TRUE(names.insert(setting.name).second) << setting.name;
    EXPECT_FALSE(setting.meaning.empty()) << setting.name;
    EXPECT_FALSE(setting.expected.empty()) << setting.name;
    EXPECT_EQ(setting.meaning.find_first_of("|\n"), std::string_view::npos) << setting.name;
  }
}

TEST(SettingsTable, FlagIsTheNameInLowerCaseWithDashes) {
  EXPECT_EQ(flag_of("OPEN_METEO_API_KEY_FILE"), "--open-meteo-api-key-file");
}

TEST(SettingsTable, HelpNamesEverySettingAndStaysWithinHundredColumns) {
  const auto help = help_text();
  for (const auto& setting : settings_table()) {
    EXPECT_THAT(help, HasSubstr(flag_of(setting.name)));
    EXPECT_THAT(help, HasSubstr(std::string(setting.name)));
  }
  std::size_t start = 0;
  for (std::size_t end = help.find('\n'); end != std::string::npos; end = help.find('\n', start)) {
    EXPECT_LE(end - start, 100U) << help.substr(start, end - start);
    start = end + 1;
  }
}

TEST(SettingsTable, DocumentHasExactlyThisTable) {
  EXPECT_THAT(project_file("docs/settings.md"), HasSubstr(settings_markdown()))
      << "docs/settings.md is out of date: insert the output of `weather-cache --help-markdown`";
}

TEST(SettingsTable, PortugueseDocumentNamesTheSameSettingsAndDefaults) {
  const auto document = project_file("docs/settings.pt-BR.md");
  for (const auto& setting : settings_table()) {
    auto row = "| `" + std::string(setting.name) + "`";
    if (setting.secrecy == Secrecy::secret) row += ", `" + std::string(setting.name) + "_FILE`";
    row += " | " + (setting.default_value.empty() ? "nenhum" : "`" + std::string(setting.default_value) + "`") + " | ";
    EXPECT_THAT(document, HasSubstr(row));
  }
}

}  // namespace
}  // namespace wx::config
