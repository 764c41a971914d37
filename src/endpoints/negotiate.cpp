#include "endpoints/negotiate.hpp"

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

}  // namespace

bool prefers_html(std::optional<std::string_view> accept) {
  if (!accept) return false;
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
  auto rest = trim(if_none_match);
  if (rest == "*") return true;
  while (!rest.empty()) {
    auto candidate = cut(rest, ',');
    if (candidate.starts_with("W/")) candidate.remove_prefix(2);
    if (candidate.size() == etag.size() + 2 && candidate.front() == '"' && candidate.back() == '"' &&
        candidate.substr(1, etag.size()) == etag) {
      return true;
    }
  }
  return false;
}

}  // namespace wx::endpoints
