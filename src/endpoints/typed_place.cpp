#include "endpoints/typed_place.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace wx::endpoints {
namespace {

constexpr std::string_view kSpaces = " \t\n\v\f\r";
constexpr std::string_view kDegree = "\u00b0";

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

// Minus signs, spaces and degree signs, each in one form.
std::string plain(std::string_view text) {
  std::string out(text);
  replace_all(out, "\u2212", "-");
  replace_all(out, "\u00a0", " ");
  replace_all(out, "\u00ba", kDegree);
  return out;
}

std::string_view stripped(std::string_view text) {
  const auto first = text.find_first_not_of(kSpaces);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpaces) + 1 - first);
}

// Removes leading digits. Returns false if there are none.
bool take_digits(std::string_view& text) {
  const auto end = std::min(text.find_first_not_of("0123456789"), text.size());
  text.remove_prefix(end);
  return end > 0;
}

// A number with a point; nothing if `text`, which is plain(), is no number.
std::optional<std::string> number_in(std::string_view text) {
  text = stripped(text);
  if (text.ends_with(kDegree)) text.remove_suffix(kDegree.size());
  text = stripped(text);
  auto rest = text;
  if (rest.starts_with('-') || rest.starts_with('+')) rest.remove_prefix(1);
  if (!take_digits(rest)) return std::nullopt;
  if (rest.starts_with('.') || rest.starts_with(',')) {
    rest.remove_prefix(1);
    if (!take_digits(rest)) return std::nullopt;
  }
  if (!rest.empty()) return std::nullopt;
  std::string number(text);
  std::ranges::replace(number, ',', '.');
  return number;
}

// Both numbers of a pair; nothing if there is no pair, or more than one way to divide `text` into one.
std::optional<TypedPlace> pair_in(std::string_view text) {
  std::optional<TypedPlace> found;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != ';' && text[i] != ',' && !kSpaces.contains(text[i])) continue;
    auto latitude = number_in(text.substr(0, i));
    auto longitude = number_in(text.substr(i + 1));
    if (!latitude || !longitude) continue;
    TypedPlace pair{*std::move(latitude), *std::move(longitude)};
    if (found && *found != pair) return std::nullopt;
    found = std::move(pair);
  }
  return found;
}

// The parameters of a query, with the two coordinates apart from the others.
struct Parts {
  int latitudes = 0;
  int longitudes = 0;
  std::string_view latitude;   // not decoded
  std::string_view longitude;  // not decoded
  std::string others;          // each after a '&'

  explicit Parts(std::string_view query) {
    while (!query.empty()) {
      const auto parameter = query.substr(0, query.find('&'));
      query.remove_prefix(std::min(parameter.size() + 1, query.size()));
      take(parameter);
    }
  }

 private:
  void take(std::string_view parameter) {
    const auto sent_name = parameter.substr(0, parameter.find('='));
    const auto value = parameter.substr(std::min(sent_name.size() + 1, parameter.size()));
    const auto name = percent_decode(sent_name, Plus::space).value_or("");
    if (name == "lat" || name == "latitude") {
      ++latitudes;
      latitude = value;
    } else if (name == "lon" || name == "longitude") {
      ++longitudes;
      longitude = value;
    } else if (!parameter.empty()) {
      append(others, cat("&", parameter));
    }
  }
};

// The value for a query: as sent if it is the same, else a number, whose plus sign needs an escape.
std::string for_query(std::string_view sent, std::string_view decoded, const std::string& tidy) {
  if (tidy == decoded) return std::string(sent);
  return tidy.starts_with('+') ? cat("%2B", tidy.substr(1)) : tidy;
}

}  // namespace

TypedPlace tidy_place(std::string_view latitude, std::string_view longitude) {
  const auto first = plain(latitude);
  auto number = number_in(first);
  if (!number) {
    if (auto pair = pair_in(first)) return *std::move(pair);
  }
  return {std::move(number).value_or(std::string(latitude)),
          number_in(plain(longitude)).value_or(std::string(longitude))};
}

std::optional<std::string> tidy_query(std::string_view query) {
  const Parts parts(query);
  if (parts.latitudes > 1 || parts.longitudes > 1) return std::nullopt;
  const auto latitude = percent_decode(parts.latitude, Plus::space);
  const auto longitude = percent_decode(parts.longitude, Plus::space);
  if (!latitude || !longitude) return std::nullopt;
  const auto tidy = tidy_place(*latitude, *longitude);
  if (tidy == TypedPlace{*latitude, *longitude}) return std::nullopt;
  // A coordinate that was not sent stays away, so that its fault is told as it is.
  std::string out;
  if (parts.latitudes > 0) append(out, cat("&lat=", for_query(parts.latitude, *latitude, tidy.latitude)));
  if (parts.longitudes > 0 || !tidy.longitude.empty()) {
    append(out, cat("&lon=", for_query(parts.longitude, *longitude, tidy.longitude)));
  }
  append(out, parts.others);
  return out.substr(1);
}

}  // namespace wx::endpoints
