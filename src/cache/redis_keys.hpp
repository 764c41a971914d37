// All names of keys and channels in Redis. An ACL user needs access to the keys <prefix>weather:* (cache keys begin
// with "weather:" too) and the channel <prefix>weather:events.
//
// Thread-safety: pure functions.
#pragma once

#include <string>
#include <string_view>

#include "base/text.hpp"

namespace wx::cache {

[[nodiscard]] inline std::string value_key(std::string_view prefix, std::string_view key) {
  return cat(prefix, key);
}
// The braces contain the complete key of the value, so the lease is in the same cluster slot as the value.
[[nodiscard]] inline std::string lease_key(std::string_view prefix, std::string_view key) {
  return cat(prefix, "weather:lease:{", prefix, key, "}");
}
[[nodiscard]] inline std::string epoch_key(std::string_view prefix) {
  return cat(prefix, "weather:epoch");
}
// The counter of one window of the fleet's budget for provider calls. `window` names the kind (m, h or d for minute,
// hour or day) and the number of the window, for example "m:29384756".
[[nodiscard]] inline std::string budget_key(std::string_view prefix, std::string_view window) {
  return cat(prefix, "weather:budget:", window);
}
[[nodiscard]] inline std::string events_channel(std::string_view prefix) {
  return cat(prefix, "weather:events");
}

}  // namespace wx::cache
