#include "pages/places.hpp"

#include <array>

#include "base/text.hpp"

namespace wx::pages {
namespace {

constexpr Place kSaoPaulo{"place.sao-paulo", "-23.5505", "-46.6333"};
constexpr Place kRio{"place.rio-de-janeiro", "-22.9068", "-43.1729"};
constexpr Place kRecife{"place.recife", "-8.0476", "-34.877"};
constexpr Place kLisbon{"place.lisbon", "38.7223", "-9.1393"};
constexpr Place kBerlin{"place.berlin", "52.52", "13.41"};
constexpr Place kTokyo{"place.tokyo", "35.6762", "139.6503"};

constexpr std::array kForPortuguese{kSaoPaulo, kRio, kRecife, kLisbon, kBerlin, kTokyo};
constexpr std::array kForEnglish{kBerlin, kLisbon, kTokyo, kSaoPaulo, kRio, kRecife};

}  // namespace

std::span<const Place> places(web::Language language) {
  if (language == web::Language::pt_br) return kForPortuguese;
  return kForEnglish;
}

std::string place_items(web::Language language, std::string_view more) {
  std::string out;
  for (const auto& place : places(language)) {
    append(out, cat("<li><a class=\"chip\" href=\"/weather?lat=", place.latitude, "&amp;lon=", place.longitude, more,
                    "\" data-lat=\"", place.latitude, "\" data-lon=\"", place.longitude, "\">"));
    append_html_escaped(out, web::text(language, place.name));
    append(out, "</a></li>");
  }
  return out;
}

}  // namespace wx::pages
