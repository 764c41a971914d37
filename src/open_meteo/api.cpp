#include "open_meteo/api.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "base/text.hpp"

namespace wx::open_meteo {
namespace {

using std::string_view;
using enum Label;

struct PathRow {
  Path path;
  string_view segment;  // below /v1
  Content content;
  unsigned current_interval;  // of the label that the path alone means
  Label alone;                // that label
};
constexpr std::array kPathRows{
    PathRow{Path::forecast, "forecast", Content::weather, 900, api},
    PathRow{Path::dwd_icon, "dwd-icon", Content::weather, 900, api},
    PathRow{Path::gfs, "gfs", Content::weather, 900, api},
    PathRow{Path::meteofrance, "meteofrance", Content::weather, 900, api},
    PathRow{Path::jma, "jma", Content::weather, 3600, api},
    PathRow{Path::metno, "metno", Content::weather, 3600, api},
    PathRow{Path::gem, "gem", Content::weather, 3600, api},
    PathRow{Path::ecmwf, "ecmwf", Content::weather, 0, api},
    PathRow{Path::cma, "cma", Content::weather, 3600, api},
    PathRow{Path::bom, "bom", Content::weather, 3600, api},
    PathRow{Path::arpae, "arpae", Content::weather, 3600, api},
    PathRow{Path::archive, "archive", Content::weather, 0, archive_api},
    PathRow{Path::era5, "era5", Content::weather, 0, archive_api},
    PathRow{Path::air_quality, "air-quality", Content::weather, 3600, air_quality_api},
    PathRow{Path::marine, "marine", Content::weather, 900, marine_api},
    PathRow{Path::flood, "flood", Content::weather, 0, flood_api},
    PathRow{Path::climate, "climate", Content::weather, 0, climate_api},
    PathRow{Path::ensemble, "ensemble", Content::weather, 900, ensemble_api},
    PathRow{Path::seasonal, "seasonal", Content::weather, 0, seasonal_api},
    PathRow{Path::elevation, "elevation", Content::elevation, 0, api},
    PathRow{Path::search, "search", Content::search, 0, geocoding_api},
    PathRow{Path::get, "get", Content::place, 0, geocoding_api},
    PathRow{Path::metadata, "", Content::metadata, 0, api},
};

struct LabelRow {
  Label label;
  string_view name;
  // The paths that it has beside those that mean it alone.
  std::array<Path, 2> more = {Path::metadata, Path::metadata};
};
constexpr std::array kLabelRows{
    LabelRow{api, "api"},
    LabelRow{historical_forecast_api, "historical-forecast-api", {Path::forecast, Path::metadata}},
    LabelRow{previous_runs_api, "previous-runs-api", {Path::forecast, Path::metadata}},
    LabelRow{single_runs_api, "single-runs-api", {Path::forecast, Path::metadata}},
    LabelRow{archive_api, "archive-api"},
    LabelRow{satellite_api, "satellite-api", {Path::archive, Path::era5}},
    LabelRow{air_quality_api, "air-quality-api"},
    LabelRow{marine_api, "marine-api"},
    LabelRow{flood_api, "flood-api"},
    LabelRow{climate_api, "climate-api"},
    LabelRow{ensemble_api, "ensemble-api"},
    LabelRow{seasonal_api, "seasonal-api", {Path::forecast, Path::metadata}},
    LabelRow{geocoding_api, "geocoding-api"},
};

// Each row is at the place of its value.
constexpr bool in_order() {
  for (std::size_t i = 0; i < kPathRows.size(); ++i) {
    if (static_cast<std::size_t>(kPathRows[i].path) != i) return false;
  }
  for (std::size_t i = 0; i < kLabelRows.size(); ++i) {
    if (static_cast<std::size_t>(kLabelRows[i].label) != i) return false;
  }
  return true;
}
static_assert(in_order() && kLabelRows.size() == kLabels);

const PathRow& row(Path path) {
  return kPathRows.at(static_cast<std::size_t>(path));
}

bool has(Label label, Path path) {
  if (path == Path::metadata) return label != geocoding_api;
  const auto& more = kLabelRows.at(static_cast<std::size_t>(label)).more;
  return row(path).alone == label || std::ranges::find(more, path) != more.end();
}

constexpr string_view kDomain = ".open-meteo.com";
constexpr string_view kCustomer = "customer-";
constexpr string_view kVersion = "/v1/";
constexpr std::size_t kLongestLabel = 32;  // customer-historical-forecast-api
// Of a path below /data. The longest that is known has some 60 bytes.
constexpr std::size_t kLongestMetadataPath = 200;

struct Host {
  Label label;
  bool customer;
};

std::optional<Host> find_host(string_view label) {
  const bool customer = label.starts_with(kCustomer);
  if (customer) label.remove_prefix(kCustomer.size());
  const auto found = find_label(label);
  if (!found) return std::nullopt;
  return Host{*found, customer};
}

// The host that a Host header names.
std::optional<Host> find_host_of_name(string_view name) {
  name = name.substr(0, name.find(':'));
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name.size() <= kDomain.size() || name.size() > kLongestLabel + kDomain.size()) return std::nullopt;
  const string_view label = name.substr(0, name.size() - kDomain.size());
  if (!iequals(name.substr(label.size()), kDomain)) return std::nullopt;
  std::array<char, kLongestLabel> lower{};
  std::ranges::transform(label, lower.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return find_host({lower.data(), label.size()});
}

// `path` with one slash at its beginning. A path without any stays as it is.
string_view with_one_slash(string_view path) {
  while (path.starts_with("//")) path.remove_prefix(1);
  return path;
}

// The label that `path`, which begins with one slash, has as its first segment, and the rest of the path.
std::optional<std::pair<Host, string_view>> cut_label(string_view path) {
  if (path.empty()) return std::nullopt;
  const auto end = path.find('/', 1);
  if (end == string_view::npos || end > kLongestLabel + 1) return std::nullopt;
  const auto host = find_host(path.substr(1, end - 1));
  if (!host) return std::nullopt;
  return std::pair{*host, with_one_slash(path.substr(end))};
}

bool is_below_data(string_view path) {
  return path.starts_with("/data/") || path.starts_with("/data_run/");
}

// Whether a path below /data names a file of metadata. It becomes part of keys and of the provider's URL, so it has
// letters, digits and a few marks alone, and no segment that is empty or leads upwards.
bool is_metadata_path(string_view path) {
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.' || c == '/';
  };
  return path.size() <= kLongestMetadataPath && path.ends_with(".json") && std::ranges::all_of(path, is_plain) &&
         path.find("//") == string_view::npos && path.find("/.") == string_view::npos;
}

std::optional<Path> find_path(string_view path) {
  if (is_below_data(path)) return is_metadata_path(path) ? std::optional(Path::metadata) : std::nullopt;
  if (!path.starts_with(kVersion)) return std::nullopt;
  path.remove_prefix(kVersion.size());
  // The provider's router ignores empty segments.
  while (path.starts_with('/')) path.remove_prefix(1);
  while (path.ends_with('/')) path.remove_suffix(1);
  if (path.empty()) return std::nullopt;
  const auto* const found = std::ranges::find(kPathRows, path, &PathRow::segment);
  if (found == kPathRows.end()) return std::nullopt;
  return found->path;
}

}  // namespace

string_view name(Label label) {
  return kLabelRows.at(static_cast<std::size_t>(label)).name;
}

std::optional<Label> find_label(string_view name) {
  const auto* const found = std::ranges::find(kLabelRows, name, &LabelRow::name);
  if (found == kLabelRows.end()) return std::nullopt;
  return found->label;
}

Content content_of(Path path) {
  return row(path).content;
}

unsigned current_interval(Label label, Path path) {
  return label == seasonal_api ? 0 : row(path).current_interval;
}

bool is_provider_path(string_view path) {
  path = with_one_slash(path);
  return path.starts_with(kVersion) || is_below_data(path) || cut_label(path).has_value();
}

unsigned host_number(string_view host) {
  const auto named = find_host_of_name(host);
  if (!named) return 0;
  return 1 + 2 * static_cast<unsigned>(named->label) + (named->customer ? 1 : 0);
}

std::optional<Resource> find_resource(string_view path, string_view host) {
  path = with_one_slash(path);
  std::optional<Host> at;
  if (const auto cut = cut_label(path)) {
    at = cut->first;
    path = cut->second;
  } else {
    at = find_host_of_name(host);
  }
  const auto found = find_path(path);
  if (!found) return std::nullopt;
  if (!at) at = Host{row(*found).alone, false};
  if (!has(at->label, *found)) return std::nullopt;
  auto text = *found == Path::metadata ? std::string(path) : cat(kVersion, row(*found).segment);
  return Resource{.label = at->label, .customer = at->customer, .path = *found, .text = std::move(text)};
}

}  // namespace wx::open_meteo
