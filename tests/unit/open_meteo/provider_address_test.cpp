#include "open_meteo/provider_address.hpp"

#include <string>

#include <gtest/gtest.h>

namespace wx::open_meteo {
namespace {

std::string base(std::string_view url) {
  const auto parsed = parse_provider_url(url);
  return parsed ? *parsed : "refused: " + parsed.error().detail;
}

TEST(ProviderAddress, WithoutAKeyIsTheFreeHostAndNoHeader) {
  const auto address = make_provider_address({});
  ASSERT_TRUE(address);
  EXPECT_EQ(address->url_of(Label::api), "https://api.open-meteo.com");
  EXPECT_TRUE(address->headers.empty());
}

TEST(ProviderAddress, AKeySelectsTheCustomersHostAndTravelsAsAHeader) {
  for (const auto* url : {"https://api.open-meteo.com", "https://api.open-meteo.com/", "HTTPS://API.open-meteo.com"}) {
    OpenMeteoOptions options;
    options.base_url = url;
    options.api_key = "s3cret";
    const auto address = make_provider_address(options);
    ASSERT_TRUE(address) << url;
    EXPECT_EQ(address->url_of(Label::api), "https://customer-api.open-meteo.com");
    EXPECT_EQ(address->url_of(Label::archive_api), "https://customer-archive-api.open-meteo.com");
    EXPECT_EQ(address->headers, std::vector<std::string>{"X-Api-Key: s3cret"});
  }
}

TEST(ProviderAddress, AKeyLeavesAChosenHostAlone) {
  OpenMeteoOptions options;
  options.base_url = "http://meteo.example:8080";
  options.api_key = "s3cret";
  EXPECT_EQ(make_provider_address(options)->url_of(Label::api), "http://meteo.example:8080");
}

TEST(ProviderAddress, TakesHostsPortsAndPaths) {
  EXPECT_EQ(base("http://127.0.0.1:18080"), "http://127.0.0.1:18080");
  EXPECT_EQ(base("https://meteo.example///"), "https://meteo.example");
  EXPECT_EQ(base("https://meteo.example/open/meteo/"), "https://meteo.example/open/meteo");
  EXPECT_EQ(base("https://api.open-meteo.com/v1/forecast"), "https://{api}.open-meteo.com") << "as people copy it";
  EXPECT_EQ(base("https://meteo.example/open//v1/forecast/"), "https://meteo.example/open");
  EXPECT_EQ(base("https://meteo.example/v1/forecasts"), "https://meteo.example/v1/forecasts");
  EXPECT_EQ(base("http://[::1]:8080/x"), "http://[::1]:8080/x");
  EXPECT_EQ(base("http://[2001:db8::1]"), "http://[2001:db8::1]");
  EXPECT_EQ(base("http://fake_provider:80"), "http://fake_provider:80");
}

TEST(ProviderAddress, PutsTheLabelInPlaceOfItsMark) {
  EXPECT_EQ(base("https://{api}.open-meteo.com"), "https://{api}.open-meteo.com");
  EXPECT_EQ(base("http://127.0.0.1:9000/{api}/"), "http://127.0.0.1:9000/{api}");
  EXPECT_EQ(base("http://{api}.meteo.example/{api}"), "refused: must have {api} only once");
  EXPECT_EQ(base("http://a/{label}"), "refused: must have only letters, digits and /-._~%!$&'()*+,;=: in its path");
  EXPECT_EQ(base("http://{api}@meteo.example"), "refused: must not have a user or a password");
  OpenMeteoOptions options;
  const auto url_of = [&options](Label label) { return make_provider_address(options)->url_of(label); };
  EXPECT_EQ(url_of(Label::historical_forecast_api), "https://historical-forecast-api.open-meteo.com");
  EXPECT_EQ(url_of(Label::geocoding_api), "https://geocoding-api.open-meteo.com");
  options.base_url = "http://127.0.0.1:9000/{api}";
  EXPECT_EQ(url_of(Label::marine_api), "http://127.0.0.1:9000/marine-api");
  EXPECT_EQ(url_of(Label::geocoding_api), "http://127.0.0.1:9000/geocoding-api");
  options.base_url = "http://meteo.example";  // a server of one's own has all the weather, and no geocoding
  EXPECT_EQ(url_of(Label::archive_api), "http://meteo.example");
  EXPECT_EQ(url_of(Label::geocoding_api), "");
  options.geocoding_url = "http://places.example/";
  EXPECT_EQ(url_of(Label::geocoding_api), "http://places.example");
  EXPECT_EQ(url_of(Label::api), "http://meteo.example");
  options.geocoding_url = "places.example";
  EXPECT_EQ(make_provider_address(options).error().detail, "the geocoding URL must begin with http:// or https://");
}

TEST(ProviderAddress, RefusesWhatIsNoPlainBase) {
  EXPECT_EQ(base(""), "refused: must begin with http:// or https://");
  EXPECT_EQ(base("meteo.example"), "refused: must begin with http:// or https://");
  EXPECT_EQ(base("ftp://meteo.example"), "refused: must begin with http:// or https://");
  EXPECT_EQ(base("file:///etc/passwd"), "refused: must begin with http:// or https://");
  EXPECT_EQ(base("http://"), "refused: must name a host");
  EXPECT_EQ(base("http:///v1"), "refused: must name a host");
  EXPECT_EQ(base("http://:80"), "refused: must name a host");
  EXPECT_EQ(base("http://a b"), "refused: must name a host");
  EXPECT_EQ(base("http://[::1"), "refused: must name a host");
  EXPECT_EQ(base("http://[]"), "refused: must name a host");
  EXPECT_EQ(base("http://::1"), "refused: must name a host");
  EXPECT_EQ(base("http://-x"), "refused: must name a host");
  EXPECT_EQ(base("http://a:b@meteo.example"), "refused: must not have a user or a password");
  EXPECT_EQ(base("http://meteo.example?x=1"),
            "refused: must not have a query or a fragment; OPEN_METEO_API_KEY takes an API key");
  EXPECT_EQ(base("http://meteo.example/#x"),
            "refused: must not have a query or a fragment; OPEN_METEO_API_KEY takes an API key");
  for (const auto* port : {":", ":0", ":65536", ":8x", ":-1"}) {
    EXPECT_EQ(base(std::string("http://meteo.example") + port), "refused: must have a port between 1 and 65535");
  }
  EXPECT_EQ(base("http://meteo.example/a b"),
            "refused: must have only letters, digits and /-._~%!$&'()*+,;=: in its path");
  EXPECT_EQ(base("http://meteo.example/a\r\nX: y"),
            "refused: must have only letters, digits and /-._~%!$&'()*+,;=: in its path");
}

TEST(ProviderAddress, RefusesAKeyThatIsNoHeaderValueWithoutRepeatingIt) {
  for (const auto* key : {"a b", "a\r\nX: y", "a\x7f", "schl\xC3\xBCssel"}) {
    OpenMeteoOptions options;
    options.api_key = key;
    const auto address = make_provider_address(options);
    ASSERT_FALSE(address);
    EXPECT_EQ(address.error().detail, "the API key must be visible ASCII without spaces");
  }
  EXPECT_FALSE(parse_api_key(std::string(257, 'k')));
  EXPECT_TRUE(parse_api_key(std::string(256, 'k')));
}

}  // namespace
}  // namespace wx::open_meteo
