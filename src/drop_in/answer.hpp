// Turns a reply of the provider into a value for the cache, byte for byte: nothing is written anew.
//
// Bodies are kept as the provider's gzip if they do not fit into a packet, and are decoded once, to be checked. The
// entity tag is that of the data: two answers that differ only in the time that the provider took have the same.
//
// Thread-safety: values and pure functions.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/error.hpp"
#include "cache/loader.hpp"
#include "open_meteo/call.hpp"
#include "open_meteo/canonical.hpp"
#include "open_meteo/freshness.hpp"

namespace wx::drop_in {

struct AnswerOptions {
  open_meteo::FreshnessOptions freshness;
  milliseconds refusal_ttl = std::chrono::minutes(5);          // REFUSAL_TTL
  std::size_t response_limit = std::size_t{64} * 1024 * 1024;  // RESPONSE_LIMIT: bytes, decoded
};

// Bodies up to this size (bytes) fit into one packet, so they are kept as they are.
inline constexpr std::size_t kSmallBody = 1400;

// Reads one reply, whose body must have come whole, as it was sent. Returns
//   an answer      a 200 that passes the check of its format (open_meteo/body_check.hpp)
//   a valueless    a 200 that says that there are no values (cache::EntryKind::valueless), with its bytes
//   a refusal      a 400 with a reason, with its bytes
// or the faults of open_meteo::refusal(), with the provider's bytes (Error::body), and provider_bad_reply.
// Resets times.ahead if the answer shows that the reply's date is wrong.
[[nodiscard]] Result<cache::Loaded> read_answer(const open_meteo::Reply& reply, open_meteo::AttemptTimes& times,
                                                const open_meteo::Asked& asked, std::uint64_t key_hash,
                                                const AnswerOptions& options);

}  // namespace wx::drop_in
