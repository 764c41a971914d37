// An entry as a Redis value: one line a person can read, then the body.
//
//   wx1 stored_at=1767225600000 fresh=10000 stale=0 keep=0 early=1 kind=answer epoch=0 type=application/json
//       etag=5f2a.. size=143 sum=9c1e..        (one line)
//   {"latitude":52.52,...}
//
// The first word is the format's version. A reader that does not know it, and any truncated or damaged value, gives
// nothing: a miss, never an error. Times and spans are milliseconds.
//
// Thread-safety: pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cache/entry.hpp"

namespace wx::cache {

// Appends the entry's whole value to `out`. The entry's content type and ETag must be visible ASCII without spaces and
// quotes (decode() refuses any other), its times and spans not negative, and no span longer than ten years.
void encode(const Entry& entry, std::string& out);

// The entry in `value`, or nothing if it is not a whole, undamaged entry of this version.
[[nodiscard]] std::optional<Entry> decode(std::string_view value);

}  // namespace wx::cache
