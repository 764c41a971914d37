#include <set>

#include <gtest/gtest.h>

#include "web/assets.hpp"
#include "web/tables.hpp"
#include "web/texts.hpp"

namespace wx::web {
namespace {

TEST(Assets, HaveTheirContentsHashInTheirPath) {
  ASSERT_FALSE(assets().empty());
  std::set<std::string_view> paths;
  for (const auto& asset : assets()) {
    if (asset.name == "openapi.json") {  // people type this path
      EXPECT_EQ(asset.path, "/openapi.json");
    } else {
      EXPECT_TRUE(asset.path.starts_with("/assets/")) << asset.path;
      EXPECT_NE(asset.path.find(asset.hash), std::string_view::npos) << asset.path;
    }
    EXPECT_EQ(find_asset(asset.path), &asset);
    EXPECT_TRUE(paths.insert(asset.path).second) << asset.path;
  }
  EXPECT_EQ(find_asset("/assets/style.css"), nullptr);
  EXPECT_EQ(find_asset(""), nullptr);
}

TEST(Assets, ReferToEachOtherByTheirHashedNames) {
  for (const auto& asset : assets()) {
    if (!asset.name.ends_with(".js")) continue;
    for (std::size_t at = asset.plain.find("from './"); at != std::string_view::npos;
         at = asset.plain.find("from './", at + 1)) {
      const auto start = at + 8;
      const auto name = asset.plain.substr(start, asset.plain.find('\'', start) - start);
      EXPECT_NE(find_asset(std::string("/assets/").append(name)), nullptr) << asset.name << " imports " << name;
    }
  }
}

TEST(Assets, ArePackedAsTheirFormatsBegin) {
  for (const auto& asset : assets()) {
    if (asset.name.ends_with(".png")) {
      EXPECT_TRUE(asset.plain.starts_with("\x89PNG\r\n")) << asset.name;
      EXPECT_LE(asset.plain.size(), 60'000U) << asset.name;
      EXPECT_TRUE(asset.gzip.empty() && asset.brotli.empty()) << asset.name;
      continue;
    }
    EXPECT_TRUE(asset.gzip.starts_with("\x1f\x8b")) << asset.name;
    EXPECT_FALSE(asset.brotli.empty()) << asset.name;
    if (asset.plain.size() > 1000) {
      EXPECT_LT(asset.brotli.size(), asset.gzip.size()) << asset.name;
      EXPECT_LT(asset.gzip.size(), asset.plain.size()) << asset.name;
    }
  }
}

TEST(Assets, HaveNoComments) {
  for (const auto& asset : assets()) {
    if (asset.name.ends_with(".css")) EXPECT_FALSE(asset.plain.contains("/*")) << asset.name;
    if (!asset.name.ends_with(".js")) continue;
    EXPECT_FALSE(asset.plain.starts_with("//") || asset.plain.contains("\n//") || asset.plain.contains("\n  //"))
        << asset.name;
  }
}

TEST(Texts, AreThereInEveryLanguageAndSorted) {
  std::string_view before;
  for (const auto& row : text_table()) {
    EXPECT_LT(before, row.key);
    before = row.key;
    for (const auto language : kLanguages) EXPECT_FALSE(text(language, row.key).empty()) << row.key;
  }
  EXPECT_TRUE(text(Language::en, "no.such-key").empty());
}

TEST(Templates, HaveTheirWordsFilledIn) {
  for (const auto language : kLanguages) {
    for (const auto* name : {"page.html", "problem.html"}) {
      const auto source = html_template(language, name);
      EXPECT_FALSE(source.empty());
      EXPECT_EQ(source.find("{{t "), std::string_view::npos) << name;
      EXPECT_EQ(source.find("{{asset "), std::string_view::npos) << name;
    }
  }
}

}  // namespace
}  // namespace wx::web
