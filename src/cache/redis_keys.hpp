// All names of keys and channels in Redis. An ACL user needs access to the keys <prefix>weather:* (cache keys begin
// with "weather:" too) and to the channel (see events_channel()).
//
// Thread-safety: pure functions.
#pragma once

#include <cstdint>
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
// Where this version stores a value while the value's own key holds one of a later version. Whoever purges the key
// deletes this one, too; later versions must do so for this one. 0.1.0 does not.
[[nodiscard]] inline std::string value_key_beside(std::string_view prefix, std::string_view key) {
  return cat(prefix, "weather:wx2:{", prefix, key, "}");
}
[[nodiscard]] inline std::string epoch_key(std::string_view prefix) {
  return cat(prefix, "weather:epoch");
}
// The totals of one window of the fleet's budget for provider calls. `window` names the kind and the number of the
// window, for example "minute:29384756". All windows are in one cluster slot.
[[nodiscard]] inline std::string budget_key(std::string_view prefix, std::string_view window) {
  return cat(prefix, "weather:{budget}:", window);
}
// The counter of one window in version 0.1.0, for example "m:29384756".
[[nodiscard]] inline std::string plain_budget_key(std::string_view prefix, std::string_view window) {
  return cat(prefix, "weather:budget:", window);
}
// The name of the channel, <prefix>weather:events, followed by :<database> for every database but 0. Keys belong to a
// database, but a channel reaches all clients of a server, so without the number a purge would also empty services that
// use other databases.
[[nodiscard]] inline std::string events_channel(std::string_view prefix, std::uint32_t database) {
  if (database == 0) return cat(prefix, "weather:events");
  return cat(prefix, "weather:events:", database);
}

}  // namespace wx::cache
