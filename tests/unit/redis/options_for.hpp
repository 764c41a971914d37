// The options of a client for a Redis at a URL.
#pragma once

#include <optional>
#include <string_view>

#include "redis/redis_options.hpp"
#include "redis/redis_url.hpp"

namespace wx::redis::test {

inline RedisOptions options_for(std::string_view url, std::optional<milliseconds> timeout = {}) {
  RedisOptions options;
  options.url = parse_url(url).value();
  options.timeout = timeout;
  return options;
}

}  // namespace wx::redis::test
