#include "redis/reply_class.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace wx::redis {

bool is_refusal(const Error& error) {
  if (error.kind != ErrorKind::redis_error) return false;
  constexpr std::array<std::string_view, 5> kCodes{"OOM ", "READONLY ", "NOPERM ", "MISCONF ", "NOREPLICAS "};
  return std::ranges::any_of(kCodes, [&](std::string_view code) { return error.detail.starts_with(code); });
}

}  // namespace wx::redis
