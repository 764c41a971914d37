// The provider's APIs: hosts, and the paths that each of them has. The same path can mean different things on different
// hosts (/v1/forecast is there on five), so a resource is a host and a path.
//
// Thread-safety: values and pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace wx::open_meteo {

// A host, named by the first label of its name: archive_api is archive-api.open-meteo.com.
enum class Label : std::uint8_t {
  api,
  historical_forecast_api,
  previous_runs_api,
  single_runs_api,
  archive_api,
  satellite_api,
  air_quality_api,
  marine_api,
  flood_api,
  climate_api,
  ensemble_api,
  seasonal_api,
  geocoding_api,
};
inline constexpr std::size_t kLabels = static_cast<std::size_t>(Label::geocoding_api) + 1;

// A path. The comment names its last segment where that differs.
enum class Path : std::uint8_t {
  forecast,
  dwd_icon,  // dwd-icon
  gfs,
  meteofrance,
  jma,
  metno,
  gem,
  ecmwf,
  cma,
  bom,
  arpae,
  archive,
  era5,
  air_quality,  // air-quality
  marine,
  flood,
  climate,
  ensemble,
  seasonal,
  elevation,
  search,
  get,
  metadata,  // /data/{model}/static/meta.json and its like: not under /v1
};

// What an answer is made of.
enum class Content : std::uint8_t {
  weather,    // time series at places
  elevation,  // heights of coordinates
  search,     // places by name
  place,      // a place by its number
  metadata,   // the state of a model's runs
};

struct Resource {
  Label label = Label::api;
  bool customer = false;  // the host for customers: "customer-" before the label
  Path path = Path::forecast;
  std::string text;  // the path as the provider has it: "/v1/forecast"

  friend bool operator==(const Resource&, const Resource&) = default;
};

// The label as it stands in a host's name and in our paths: "archive-api".
[[nodiscard]] std::string_view name(Label label);
[[nodiscard]] std::optional<Label> find_label(std::string_view name);
[[nodiscard]] Content content_of(Path path);

// The length of the steps of `current` in seconds; 0: the path has no `current`.
[[nodiscard]] unsigned current_interval(Label label, Path path);

// Whether a request for this path, in normal form, may mean the provider's APIs (rather than this service's own pages):
// it begins with /v1/, /data or a label. Such a path that find_resource() does not know is answered with the provider's
// 404.
[[nodiscard]] bool is_provider_path(std::string_view path);

// A number for the host that a Host field names, as find_resource() reads it: equal numbers mean equal resources at the
// same path. 0: it names none of the provider's.
[[nodiscard]] unsigned host_number(std::string_view host);

// Finds what a request is for. The first segment of `path` names the label if it is a known one and is removed; else
// `host`, in any case and without its port, names it if it is <label>.open-meteo.com; else the path alone decides
// (/v1/forecast is that of api.open-meteo.com). "//" at the beginning, or after the label, counts as "/". Empty if
// there is no such label, or the label has no such path.
[[nodiscard]] std::optional<Resource> find_resource(std::string_view path, std::string_view host);

}  // namespace wx::open_meteo
