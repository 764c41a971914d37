#include "endpoints/quality.hpp"

#include <charconv>
#include <cmath>

#include "base/text.hpp"
#include "http_server/list.hpp"

namespace wx::endpoints {
namespace {

int weight(std::string_view text) {
  double value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (result.ec != std::errc{} || result.ptr != text.data() + text.size() || !(value >= 0) || value > 1) return 0;
  return static_cast<int>(std::lround(value * 1000));
}

}  // namespace

Weighted cut_weighted(std::string_view& rest) {
  auto member = http_server::cut_member(rest);
  Weighted out{http_server::cut_member(member, ';')};
  while (!member.empty()) {
    const auto parameter = http_server::cut_member(member, ';');
    if (parameter.size() >= 2 && iequals(parameter.substr(0, 2), "q=")) out.weight = weight(parameter.substr(2));
  }
  return out;
}

}  // namespace wx::endpoints
