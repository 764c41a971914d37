#include "open_meteo/canonical.hpp"

#include <span>
#include <utility>
#include <vector>

#include "base/sha256.hpp"
#include "base/text.hpp"
#include "open_meteo/elisions.hpp"
#include "open_meteo/parameters.hpp"
#include "open_meteo/read_asked.hpp"
#include "open_meteo/vapor_query.hpp"

namespace wx::open_meteo {
namespace {

using std::string_view;

constexpr string_view kKey = "apikey";
constexpr std::size_t kLongestKey = 400;
constexpr std::size_t kHashBytes = 16;

// Removes the client's API key. Returns whether there was one. The provider ignores the name in other cases, but the
// value may be a secret all the same.
bool take_key(std::vector<QueryPair>& pairs) {
  bool found = false;
  std::erase_if(pairs, [&](const QueryPair& pair) {
    const auto name = string_view(pair.name).substr(0, pair.name.find('['));
    found = found || name == kKey;
    return iequals(name, kKey);
  });
  return found;
}

// The received pairs, in the alphabet of canonical queries.
std::string opaque_query(std::span<const QueryPair> pairs) {
  std::string out;
  for (const auto& pair : pairs) {
    if (!out.empty()) out += '&';
    for (const char c : pair.text) {
      if (c == '|') {
        append(out, "%7C");
      } else {
        out += c;
      }
    }
  }
  return out;
}

// The provider's answer has the asked format even if we cannot read the rest of the question.
Format opaque_format(std::span<const QueryPair> pairs) {
  Format format = Format::json;
  for (const auto& pair : pairs) {
    if (pair.kind != QueryPair::Kind::plain || pair.name != name(Parameter::format)) continue;
    format = read_format(decode_value(pair.value).value_or(""));
  }
  return format;
}

// Geocoding can answer with other content than JSON.
bool is_readable(const QueryValues& values, Content content) {
  if (content != Content::search && content != Content::place) return true;
  return !values.has(Parameter::format) || values.is(Parameter::format, "json");
}

std::string host_and_path(const Resource& resource) {
  string_view path = resource.text;
  if (constexpr string_view kVersion = "/v1/"; path.starts_with(kVersion)) {
    path.remove_prefix(kVersion.size());
  } else if (path.starts_with('/')) {
    path.remove_prefix(1);
  }
  return cat(resource.customer ? "customer-" : "", name(resource.label), ":", path);
}

}  // namespace

Question make_question(Resource resource, string_view raw_query, const QuestionOptions& options) {
  const auto content = content_of(resource.path);
  const std::string normal = normal_query(raw_query);
  auto pairs = split_query(normal);
  Question question{.resource = std::move(resource), .query = {}, .asked = {}, .has_key = take_key(pairs)};
  auto values = read_values(pairs, content);
  if (!values || !is_readable(*values, content)) {
    question.query = opaque_query(pairs);
    question.asked = {.label = question.resource.label, .path = question.resource.path, .opaque = true};
    if (content == Content::weather) question.asked.format = opaque_format(pairs);
    return question;
  }
  take_out_what_changes_nothing(*values, question.resource);
  if (options.unknown == UnknownParameters::drop) values->unknown.clear();
  question.query = to_query(*values);
  question.asked = read_asked(*values, question.resource);
  return question;
}

std::string question_text(const Question& question) {
  return cat(host_and_path(question.resource), "?", question.query);
}

std::string cache_key(const Question& question) {
  constexpr string_view kPrefix = "weather:om:";
  const auto text = question_text(question);
  if (kPrefix.size() + text.size() <= kLongestKey) return cat(kPrefix, text);
  return cat(kPrefix, host_and_path(question.resource), "#", sha256_hex(text, kHashBytes));
}

}  // namespace wx::open_meteo
