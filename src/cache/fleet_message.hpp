// The messages on the backplane's channel, one line each:
//   fill <key> <etag> <stored_at ms> <fresh_for ms> <epoch>   a process has stored a value (0.1.0: without the epoch)
//   fail <key>                                                a load has failed, or a lease was given back
//   purge <key>                                               a value was purged
//   epoch <n>                                                 the epoch was raised or restored
//
// Thread-safety: pure functions.
#pragma once

#include <string>
#include <string_view>

#include "cache/entry.hpp"
#include "cache/fleet_listener.hpp"

namespace wx::cache {

[[nodiscard]] std::string fill_message(std::string_view key, const Entry& entry);
[[nodiscard]] std::string fail_message(std::string_view key);
[[nodiscard]] std::string purge_message(std::string_view key);
[[nodiscard]] std::string epoch_message(std::uint64_t epoch);

// Parses a message and passes it to the listener. The result is `foreign` for a message that no process of the fleet
// sends, and `look` if the caller must read Redis's epoch.
Epoch::Heard hear_message(std::string_view message, FleetListener& listener);

}  // namespace wx::cache
