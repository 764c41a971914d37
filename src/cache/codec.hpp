// An entry as a Redis value: one line a person can read, then the body.
//
//   wx2 key=weather:52.52:13.41 stored_at=1767225600000 fresh=10000 stale=0 keep=0 early=1 kind=answer epoch=0
//       type=application/json etag=5f2a.. size=143 sum=9c1e..        (one line)
//   {"latitude":52.52,...}
//
// The first word is the format's version. A value of another version, a truncated or damaged value, and a value of
// another key are a miss, never an error. Times and spans are milliseconds. The key has no CACHE_PREFIX. The checksum
// is content_hash() of everything else.
//
// Thread-safety: pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cache/entry.hpp"

namespace wx::cache {

// Appends the line to `out`, its end included. The value is that and the entry's body, which a caller can send from
// where it is. The key must not contain spaces or line ends. The entry's content type and ETag must be visible ASCII
// without spaces and quotes (decode() refuses any other), its times and spans not negative, and no span longer than ten
// years.
void encode_head(std::string_view key, const Entry& entry, std::string& out);

// The entry in `value`, or nothing if it is not a whole, undamaged entry of `key` and of this version.
[[nodiscard]] std::optional<Entry> decode(std::string_view key, std::string_view value);

}  // namespace wx::cache
