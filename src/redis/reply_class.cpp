#include "redis/reply_class.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

namespace wx::redis {
namespace {

bool has_code(const Error& error, std::span<const std::string_view> codes) {
  if (error.kind != ErrorKind::redis_error) return false;
  return std::ranges::any_of(codes, [&](std::string_view code) { return error.detail.starts_with(code); });
}

}  // namespace

bool is_refusal(const Error& error) {
  constexpr std::array<std::string_view, 5> kCodes{"OOM ", "READONLY ", "NOPERM ", "MISCONF ", "NOREPLICAS "};
  return has_code(error, kCodes);
}

bool is_lasting_refusal(const Error& error) {
  constexpr std::array<std::string_view, 2> kCodes{"READONLY ", "NOPERM "};
  return has_code(error, kCodes);
}

}  // namespace wx::redis
