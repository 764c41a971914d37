#include "endpoints/negotiate.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "endpoints/quality.hpp"

namespace wx::endpoints {
namespace {

struct Best {
  int specificity = -1;
  int weight = 0;

  void offer(int how_specific, int how_much) {
    if (how_specific < specificity || (how_specific == specificity && how_much <= weight)) return;
    specificity = how_specific;
    weight = how_much;
  }
};

// Removes the next member of a list of entity tags. A tag is quoted, but unlike a quoted string it has no escapes
// (RFC 9110 §8.8.3).
std::string_view cut_tag(std::string_view& rest) {
  std::size_t end = 0;
  for (bool quoted = false; end < rest.size() && (quoted || rest[end] != ','); ++end) quoted ^= rest[end] == '"';
  const auto tag = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return trim(tag);
}

enum class Comparison : bool { weak, strong };

// RFC 9110 §8.8.3.2; `etag` is strong if `comparison` is.
bool lists(std::string_view tags, std::string_view etag, Comparison comparison) {
  auto rest = trim(tags);
  if (rest == "*") return true;
  while (!rest.empty()) {
    auto candidate = cut_tag(rest);
    if (comparison == Comparison::weak && candidate.starts_with("W/")) candidate.remove_prefix(2);
    if (candidate.size() == etag.size() + 2 && candidate.front() == '"' && candidate.back() == '"' &&
        candidate.substr(1, etag.size()) == etag) {
      return true;
    }
  }
  return false;
}

}  // namespace

bool prefers_html(std::optional<std::string_view> accept) {
  if (!accept || *accept == "*/*") return false;
  Best html;
  Best json;
  auto rest = *accept;
  while (!rest.empty()) {
    const auto [type, q] = cut_weighted(rest);
    if (type == "*/*") {
      html.offer(0, q);
      json.offer(0, q);
    } else if (iequals(type, "text/*")) {
      html.offer(1, q);
    } else if (iequals(type, "application/*")) {
      json.offer(1, q);
    } else if (iequals(type, "text/html") || iequals(type, "application/xhtml+xml")) {
      html.offer(2, q);
    } else if (iequals(type, "application/json") || iequals(type, "application/problem+json")) {
      json.offer(2, q);
    }
  }
  return html.weight > json.weight;
}

bool matches_etag(std::string_view if_none_match, std::string_view etag) {
  return lists(if_none_match, etag, Comparison::weak);
}

bool matches_strong_etag(std::string_view if_match, std::string_view strong_etag) {
  if (strong_etag.empty()) return trim(if_match) == "*";
  return lists(if_match, strong_etag, Comparison::strong);
}

}  // namespace wx::endpoints
