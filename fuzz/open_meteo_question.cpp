// Random queries to random resources. A question never crashes, its key has only harmless characters, its canonical
// text is the same question, and no API key stays in it.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.hpp"
#include "open_meteo/canonical.hpp"
#include "open_meteo/vapor_query.hpp"
#include "require.hpp"

namespace {

using namespace wx::open_meteo;
using wx::fuzz::require;

// No brace, blank, quote, control byte or byte beyond ASCII.
bool harmless(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         std::string_view("-._~,:/%&=?#").find(c) != std::string_view::npos;
}

const std::vector<Resource>& resources() {
  static const std::vector<Resource> all = [] {
    std::vector<Resource> found;
    for (const auto* const path :
         {"/v1/forecast", "/v1/marine", "/v1/air-quality", "/v1/seasonal", "/customer-archive-api/v1/archive",
          "/v1/elevation", "/v1/search", "/v1/get", "/data/x/meta.json"}) {
      found.push_back(find_resource(path, "").value());
    }
    return found;
  }();
  return all;
}

void check(const Resource& resource, std::string_view query, const QuestionOptions& options) {
  const auto question = make_question(resource, query, options);
  const auto key = cache_key(question);
  require(key.size() <= 400 && key.starts_with("weather:om:"));
  for (const char c : key) require(harmless(c));
  for (const char c : question_text(question)) require(harmless(c));

  auto again = make_question(resource, question.query, options);
  require(!again.has_key);
  again.has_key = question.has_key;
  require(again == question);
  for (const auto& pair : split_query(question.query)) require(!wx::iequals(pair.name, "apikey"));

  // A key changes nothing else, wherever it stands.
  for (const auto& with_key : {wx::cat("apikey=s&", query), wx::cat(query, "&apikey=s")}) {
    auto other = make_question(resource, with_key, options);
    require(other.has_key);
    other.has_key = question.has_key;
    require(other == question);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto& resource = resources()[data[0] % resources().size()];
  const QuestionOptions options{.unknown = (data[0] & 128) == 0 ? UnknownParameters::keep : UnknownParameters::drop};
  const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  check(resource, input, options);
  // Uses the same bytes as numbers and lists, so that the fuzzer reaches their grammars at once.
  check(resource, wx::cat("latitude=", input, "&longitude=", input, "&hourly=", input), options);

  // A path and a host never lead to another place than the table's.
  if (const auto found = find_resource(input, input)) {
    require(found->text.starts_with("/v1/") || found->text.starts_with("/data"));
    for (const char c : found->text) require(harmless(c) && c != '?' && c != '%' && c != '#');
    require(is_provider_path(input));
  }
  return 0;
}
