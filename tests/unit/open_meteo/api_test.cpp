#include "open_meteo/api.hpp"

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/text.hpp"

namespace wx::open_meteo {
namespace {

// "[customer-]label path", or "none".
std::string found(std::string_view path, std::string_view host = "cache:8080") {
  const auto resource = find_resource(path, host);
  if (!resource) return "none";
  return cat(resource->customer ? "customer-" : "", name(resource->label), " ", resource->text);
}

TEST(Api, EveryLabelIsFoundByItsName) {
  for (std::size_t i = 0; i < kLabels; ++i) {
    const auto label = static_cast<Label>(i);
    EXPECT_EQ(find_label(name(label)), label);
  }
  EXPECT_EQ(name(Label::historical_forecast_api), "historical-forecast-api");
  for (const auto* const unknown : {"", "ap", "apis", "API", "archive", "archive_api", "customer-api", "www"}) {
    EXPECT_FALSE(find_label(unknown)) << unknown;
  }
}

TEST(Api, APathAloneMeansOneHost) {
  for (const auto* const path : {"forecast", "elevation", "dwd-icon", "gfs", "meteofrance", "jma", "metno", "gem",
                                 "ecmwf", "cma", "bom", "arpae"}) {
    EXPECT_EQ(found(cat("/v1/", path)), cat("api /v1/", path));
  }
  EXPECT_EQ(found("/v1/archive"), "archive-api /v1/archive");
  EXPECT_EQ(found("/v1/era5"), "archive-api /v1/era5");
  EXPECT_EQ(found("/v1/air-quality"), "air-quality-api /v1/air-quality");
  EXPECT_EQ(found("/v1/marine"), "marine-api /v1/marine");
  EXPECT_EQ(found("/v1/flood"), "flood-api /v1/flood");
  EXPECT_EQ(found("/v1/climate"), "climate-api /v1/climate");
  EXPECT_EQ(found("/v1/ensemble"), "ensemble-api /v1/ensemble");
  EXPECT_EQ(found("/v1/seasonal"), "seasonal-api /v1/seasonal");
  EXPECT_EQ(found("/v1/search"), "geocoding-api /v1/search");
  EXPECT_EQ(found("/v1/get"), "geocoding-api /v1/get");
}

TEST(Api, OneForecastPathIsThatOfFiveHosts) {
  for (const auto* const label :
       {"api", "historical-forecast-api", "previous-runs-api", "single-runs-api", "seasonal-api"}) {
    EXPECT_EQ(found(cat("/", label, "/v1/forecast")), cat(label, " /v1/forecast"));
    EXPECT_EQ(found("/v1/forecast", cat(label, ".open-meteo.com")), cat(label, " /v1/forecast"));
  }
  for (const auto* const path : {"archive", "era5"}) {
    EXPECT_EQ(found(cat("/satellite-api/v1/", path)), cat("satellite-api /v1/", path));
    EXPECT_EQ(found(cat("/v1/", path), "satellite-api.open-meteo.com"), cat("satellite-api /v1/", path));
  }
}

TEST(Api, ALabelHasNoOtherPathsThanItsOwn) {
  EXPECT_EQ(found("/archive-api/v1/forecast"), "none");
  EXPECT_EQ(found("/v1/forecast", "archive-api.open-meteo.com"), "none");
  EXPECT_EQ(found("/marine-api/v1/archive"), "none");
  EXPECT_EQ(found("/single-runs-api/v1/elevation"), "none");
  EXPECT_EQ(found("/geocoding-api/v1/forecast"), "none");
  EXPECT_EQ(found("/api/v1/marine"), "none");
  EXPECT_EQ(found("/seasonal-api/v1/ensemble"), "none");
}

TEST(Api, TheCustomersHostsAreFoundByPrefixAndHost) {
  EXPECT_EQ(found("/customer-api/v1/forecast"), "customer-api /v1/forecast");
  EXPECT_EQ(found("/customer-historical-forecast-api/v1/forecast"), "customer-historical-forecast-api /v1/forecast");
  EXPECT_EQ(found("/v1/archive", "customer-satellite-api.open-meteo.com"), "customer-satellite-api /v1/archive");
  EXPECT_EQ(found("/customer-archive-api/v1/forecast"), "none");
  EXPECT_EQ(found("/customer-customer-api/v1/forecast"), "none");
  EXPECT_EQ(found("/customer-/v1/forecast"), "none");
  EXPECT_FALSE(find_resource("/v1/forecast", "")->customer);
}

TEST(Api, AHostIsReadInAnyCaseWithPortAndTrailingDot) {
  for (const auto* const host :
       {"archive-api.open-meteo.com", "ARCHIVE-API.Open-Meteo.COM", "archive-api.open-meteo.com:443",
        "archive-api.open-meteo.com.", "archive-api.open-meteo.com.:8080"}) {
    EXPECT_EQ(found("/v1/forecast", host), "none") << host;
    EXPECT_EQ(found("/v1/archive", host), "archive-api /v1/archive") << host;
  }
  EXPECT_EQ(found("/v1/archive", "Satellite-Api.open-meteo.com:80"), "satellite-api /v1/archive");
}

TEST(Api, AnotherHostDoesNotMatter) {
  for (const auto* const host :
       {"", "localhost", "open-meteo.com", ".open-meteo.com", "www.open-meteo.com",
        "satellite-api.open-meteo.com.evil.org", "satellite-api-open-meteo.com", "xsatellite-api.open-meteo.com",
        "a.satellite-api.open-meteo.com", "satellite-api.open-meteo.com..", "[::1]:8080", ":80",
        "satellite-api-satellite-api-satellite-api-satellite-api.open-meteo.com"}) {
    EXPECT_EQ(found("/v1/archive", host), "archive-api /v1/archive") << host;
  }
}

TEST(Api, APrefixIsStrongerThanTheHost) {
  EXPECT_EQ(found("/archive-api/v1/archive", "satellite-api.open-meteo.com"), "archive-api /v1/archive");
  EXPECT_EQ(found("/api/v1/forecast", "previous-runs-api.open-meteo.com"), "api /v1/forecast");
}

TEST(Api, EmptySegmentsDoNotMatter) {
  EXPECT_EQ(found("//v1/forecast"), "api /v1/forecast");
  EXPECT_EQ(found("//api/v1/forecast"), "api /v1/forecast");
  EXPECT_EQ(found("/previous-runs-api//v1/forecast"), "previous-runs-api /v1/forecast");
  EXPECT_EQ(found("/v1//forecast"), "api /v1/forecast");
  EXPECT_EQ(found("/v1/forecast/"), "api /v1/forecast");
}

TEST(Api, AnUnknownPathIsNotFound) {
  for (const auto* const path : {"",
                                 "/",
                                 "//",
                                 "v1/forecast",
                                 "/v1",
                                 "/v1/",
                                 "/v1//",
                                 "/v2/forecast",
                                 "/v1/Forecast",
                                 "/V1/forecast",
                                 "/v1/forecasts",
                                 "/v1/forecast/x",
                                 "/v1/metadata",
                                 "/v1/data/x.json",
                                 "/v1/dwd_icon",
                                 "/api/forecast",
                                 "/api/api/v1/forecast",
                                 "/weather",
                                 "/api",
                                 "/api/",
                                 "/evil.org/v1/forecast",
                                 "/v1/%66orecast"}) {
    EXPECT_EQ(found(path), "none") << path;
  }
}

TEST(Api, MetadataIsJsonBelowDataOfEveryWeatherHost) {
  EXPECT_EQ(found("/data/dwd_icon/static/meta.json"), "api /data/dwd_icon/static/meta.json");
  EXPECT_EQ(found("//data/dwd_icon/static/meta.json"), "api /data/dwd_icon/static/meta.json");
  EXPECT_EQ(found("/data_run/ncep_gfs013/latest.json"), "api /data_run/ncep_gfs013/latest.json");
  EXPECT_EQ(found("/flood-api/data/x/static/meta.json"), "flood-api /data/x/static/meta.json");
  EXPECT_EQ(found("/data/x/meta.json", "marine-api.open-meteo.com"), "marine-api /data/x/meta.json");
  EXPECT_EQ(find_resource("/data/x/meta.json", "")->path, Path::metadata);
  EXPECT_EQ(found("/geocoding-api/data/x/meta.json"), "none");
  for (const auto* const path :
       {"/data", "/data/", "/data/x.om", "/data/x.json/", "/data/x", "/database/x.json", "/data//x.json",
        "/data/../x.json", "/data/./x.json", "/data/.json", "/data/{x}.json", "/data/a b.json", "/data/a%20b.json",
        "/data/a\nb.json", "/data/a\"b.json", "/data_runs/x.json", "/data/\xC3\xA9.json"}) {
    EXPECT_EQ(found(path), "none") << path;
  }
  EXPECT_EQ(found(cat("/data/", std::string(189, 'x'), ".json")).size(), 204);
  EXPECT_EQ(found(cat("/data/", std::string(190, 'x'), ".json")), "none");
}

TEST(Api, EachPathHasItsContent) {
  EXPECT_EQ(content_of(Path::forecast), Content::weather);
  EXPECT_EQ(content_of(Path::seasonal), Content::weather);
  EXPECT_EQ(content_of(Path::elevation), Content::elevation);
  EXPECT_EQ(content_of(Path::search), Content::search);
  EXPECT_EQ(content_of(Path::get), Content::place);
  EXPECT_EQ(content_of(Path::metadata), Content::metadata);
}

TEST(Api, TheStepsOfCurrentDependOnThePath) {
  for (const auto path : {Path::forecast, Path::gfs, Path::dwd_icon, Path::meteofrance}) {
    EXPECT_EQ(current_interval(Label::api, path), 900U);
  }
  for (const auto path : {Path::jma, Path::metno, Path::gem, Path::cma, Path::bom, Path::arpae}) {
    EXPECT_EQ(current_interval(Label::api, path), 3600U);
  }
  EXPECT_EQ(current_interval(Label::api, Path::ecmwf), 0U);
  EXPECT_EQ(current_interval(Label::previous_runs_api, Path::forecast), 900U);
  EXPECT_EQ(current_interval(Label::air_quality_api, Path::air_quality), 3600U);
  EXPECT_EQ(current_interval(Label::marine_api, Path::marine), 900U);
  EXPECT_EQ(current_interval(Label::ensemble_api, Path::ensemble), 900U);
  EXPECT_EQ(current_interval(Label::archive_api, Path::archive), 0U);
  EXPECT_EQ(current_interval(Label::flood_api, Path::flood), 0U);
  EXPECT_EQ(current_interval(Label::seasonal_api, Path::forecast), 0U);
}

TEST(Api, AProviderPathBeginsWithVersionDataOrLabel) {
  for (const auto* const path :
       {"/v1/forecast", "/v1/", "/v1/nothing", "//v1/x", "/data/x", "/data_run/x", "/api/", "/api/x",
        "/archive-api/v1/forecast", "/customer-api/v1/forecast", "//api/x", "/customer-historical-forecast-api/"}) {
    EXPECT_TRUE(is_provider_path(path)) << path;
  }
  for (const auto* const path : {"", "/", "//", "/v1", "/v2/forecast", "/data", "/database", "/api", "/apis/x",
                                 "/weather", "/assets/api/v1/forecast", "/metrics", "v1/forecast", "api/v1/x",
                                 "/customer-/v1", "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/v1/"}) {
    EXPECT_FALSE(is_provider_path(path)) << path;
  }
}

TEST(HostNumber, IsThatOfTheHostAlone) {
  for (const auto* host :
       {"", "localhost:8080", "open-meteo.com", "x.open-meteo.com", "api.open-meteo.com.evil.example"}) {
    EXPECT_EQ(host_number(host), 0U) << host;
  }
  EXPECT_EQ(host_number("api.open-meteo.com"), host_number("API.open-meteo.com.:80"));
  std::set<unsigned> numbers;
  for (std::size_t i = 0; i < kLabels; ++i) {
    const auto label = name(static_cast<Label>(i));
    numbers.insert(host_number(cat(label, ".open-meteo.com")));
    numbers.insert(host_number(cat("customer-", label, ".open-meteo.com")));
  }
  EXPECT_EQ(numbers.size(), 2 * kLabels);
  EXPECT_FALSE(numbers.contains(0));
}

}  // namespace
}  // namespace wx::open_meteo
