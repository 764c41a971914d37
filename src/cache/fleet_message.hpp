// The messages on the backplane's channel, one line each:
//   fill <key> <etag> <stored_at ms> <fresh_for ms>      fail <key>      purge <key>      epoch <n>
//
// Thread-safety: pure functions.
#pragma once

#include <string>
#include <string_view>

#include "cache/remote_tier.hpp"

namespace wx::cache {

[[nodiscard]] std::string fill_message(std::string_view key, const Entry& entry);
[[nodiscard]] std::string fail_message(std::string_view key);
[[nodiscard]] std::string purge_message(std::string_view key);
[[nodiscard]] std::string epoch_message(std::uint64_t epoch);

enum class Heard : std::uint8_t {
  unknown,  // not a message of this version
  taken,
  behind,  // announces an epoch lower than this process's: the message is late, or Redis has lost its epoch
};
// Parses a message and passes it to the listener.
Heard hear_message(std::string_view message, FleetListener& listener);

}  // namespace wx::cache
