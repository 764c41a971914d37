#include "endpoints/quality.hpp"

#include <charconv>
#include <cmath>

#include "base/text.hpp"

namespace wx::endpoints {
namespace {

int weight(std::string_view text) {
  double value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (result.ec != std::errc{} || result.ptr != text.data() + text.size() || !(value >= 0) || value > 1) return 0;
  return static_cast<int>(std::lround(value * 1000));
}

}  // namespace

std::string_view cut(std::string_view& rest, char separator) {
  const auto end = rest.find(separator);
  const auto part = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  return trim(part);
}

Weighted cut_weighted(std::string_view& rest) {
  auto member = cut(rest, ',');
  Weighted out{cut(member, ';')};
  while (!member.empty()) {
    const auto parameter = cut(member, ';');
    if (parameter.size() >= 2 && iequals(parameter.substr(0, 2), "q=")) out.weight = weight(parameter.substr(2));
  }
  return out;
}

}  // namespace wx::endpoints
