// The messages on the backplane's channel, one line each:
//   fill <key> <etag> <stored_at ms> <fresh_for ms> <epoch>   a process has stored a value (0.1.0: without the epoch)
//   fail <key>                                                a load has failed, or a lease was given back
//   wx2 purge <key> <at ms>                                   what was stored until then is purged
//   purge <key>                                               a value was purged. Follows the message above, for
//                                                             processes of 0.1.0, which do not know that one
//   epoch <n>                                                 the epoch was raised or restored
//
// Thread-safety: the functions are pure; a MessageReader is for one thread.
#pragma once

#include <string>
#include <string_view>

#include "cache/entry.hpp"
#include "cache/fleet_listener.hpp"

namespace wx::cache {

[[nodiscard]] std::string fill_message(std::string_view key, const Entry& entry);
[[nodiscard]] std::string fail_message(std::string_view key);
[[nodiscard]] std::string purge_message(std::string_view key);
[[nodiscard]] std::string purge_message(std::string_view key, WallTime at);
[[nodiscard]] std::string epoch_message(std::uint64_t epoch);

// Passes the messages of one channel, in their order, to a listener.
class MessageReader {
 public:
  // The result is `foreign` for a message that no process of the fleet sends, and `look` if the caller must read
  // Redis's epoch.
  Epoch::Heard hear(std::string_view message, FleetListener& listener);

 private:
  // The key of the last message, if that was a `wx2 purge`. The `purge` that follows says nothing new. If another
  // message comes between them, the purge is obeyed again, as of now.
  std::string purged_;
};

}  // namespace wx::cache
