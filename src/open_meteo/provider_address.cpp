#include "open_meteo/provider_address.hpp"

#include <algorithm>

#include "base/http_url.hpp"
#include "base/text.hpp"

namespace wx::open_meteo {
namespace {

// Stands for a label while a URL is checked. No URL of a person has it.
constexpr std::string_view kSample = "label-7c1f";

std::string with_label(std::string_view url, std::string_view label) {
  const auto mark = url.find(kLabelMark);
  if (mark == std::string_view::npos) return std::string(url);
  return cat(url.substr(0, mark), label, url.substr(mark + kLabelMark.size()));
}

}  // namespace

std::string ProviderAddress::url_of(Label label) const {
  return with_label(label == Label::geocoding_api ? geocoding_url : base_url, name(label));
}

Result<std::string> parse_provider_url(std::string_view url) {
  if (url.contains("://") && url.find_first_of("?#") != std::string_view::npos) {
    return fail(ErrorKind::bad_parameter, "must not have a query or a fragment; OPEN_METEO_API_KEY takes an API key");
  }
  // The mark is checked as if its place had a label.
  const auto mark = url.find(kLabelMark);
  std::string plain(url);
  if (mark != std::string_view::npos) plain.replace(mark, kLabelMark.size(), kSample);
  if (plain.contains(kLabelMark)) return fail(ErrorKind::bad_parameter, "must have {api} only once");
  auto base = parse_base_url(plain);
  if (!base) return base;
  if (mark != std::string_view::npos) base->replace(base->find(kSample), kSample.size(), kLabelMark);
  // People copy the whole URL of a question from the provider's pages.
  constexpr std::string_view kEndpoint = "/v1/forecast";
  if (base->ends_with(kEndpoint))
    base = without_slashes(std::string_view(*base).substr(0, base->size() - kEndpoint.size()));
  if (iequals(*base, "https://api.open-meteo.com")) return kDefaultUrl;
  return base;
}

Result<std::string> parse_api_key(std::string_view key) {
  constexpr std::size_t kLongest = 256;
  if (key.size() > kLongest) return fail(ErrorKind::bad_parameter, "must not be longer than 256 characters");
  if (!std::ranges::all_of(key, [](char c) { return c > ' ' && c < '\x7f'; })) {
    return fail(ErrorKind::bad_parameter, "must be visible ASCII without spaces");
  }
  return std::string(key);
}

Result<ProviderAddress> make_provider_address(const OpenMeteoOptions& options) {
  const auto key = parse_api_key(options.api_key);
  if (!key) return fail(ErrorKind::bad_parameter, cat("the API key ", key.error().detail));
  auto base = parse_provider_url(options.base_url);
  if (!base) return fail(ErrorKind::bad_parameter, cat("the provider's URL ", base.error().detail));

  ProviderAddress address;
  address.base_url = std::move(*base);
  if (!key->empty()) {
    address.api_key = *key;
    address.headers.push_back(cat("X-Api-Key: ", *key));
    if (address.base_url == kDefaultUrl) address.base_url = kCustomerUrl;
  }
  if (!options.geocoding_url.empty()) {
    auto geocoding = parse_provider_url(options.geocoding_url);
    if (!geocoding) return fail(ErrorKind::bad_parameter, cat("the geocoding URL ", geocoding.error().detail));
    address.geocoding_url = std::move(*geocoding);
  } else if (address.base_url.contains(kLabelMark)) {
    address.geocoding_url = address.base_url;
  }
  return address;
}

}  // namespace wx::open_meteo
