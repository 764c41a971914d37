// The encoding of an entry as a Redis value: one human-readable line, then the body.
//
//   wx2 key=weather:52.52:13.41 stored_at=1767225600000 fresh=10000 stale=0 keep=0 early=1 kind=answer epoch=0
//       type=application/json etag=5f2a.. size=143 sum=9c1e..        (one line)
//   {"latitude":52.52,...}
//
// Where they say something, these follow `size`: gzip_of=<bytes> (the body is gzip, of so many bytes),
// disposition=<Content-Disposition>, and question=<Entry::question>. Their values and that of `type` are percent-coded
// where they have a byte that is not visible ASCII, a quote or a percent sign.
//
// The first word is the version of the format. A value of another key, and a truncated or damaged value, count as a
// miss, not as an error. Times and spans are in milliseconds. The key does not include CACHE_PREFIX. The checksum is
// content_hash() of everything else.
//
// Values of 0.1.0 are read, too, so that an update of a fleet does not begin with an empty cache: wx1, which names no
// key, has no tombstones, and has another checksum. This ends with 0.3. A value of a later version is none for this
// one.
//
// Thread-safety: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cache/entry.hpp"

namespace wx::cache {

// The largest number of milliseconds, as a time or a span, that is accepted from Redis: far more than any real one, and
// small enough that sums of a few cannot overflow.
inline constexpr std::uint64_t kMaxMilliseconds = 1ULL << 52;

// Appends the line, including its '\n', to `out`. The Redis value is this line followed by the entry's body, which the
// caller can send without a copy. The key must not contain spaces or line ends. The entry's ETag must be visible ASCII
// without spaces and quotes, and not empty (fill_message() needs it); its content type and content disposition must be
// visible ASCII with spaces (decode() refuses others). Its times and spans must not be negative, and no span may exceed
// ten years. An entry that is not gzip has no decoded_size.
void encode_head(std::string_view key, const Entry& entry, std::string& out);

// Returns the entry in `value`, or nothing if `value` is not a complete, undamaged entry of `key` in this version or
// the one before.
[[nodiscard]] std::optional<Entry> decode(std::string_view key, std::string_view value);

// Returns true if the first word of `value` is that of a later version.
[[nodiscard]] bool is_of_later_version(std::string_view value);

}  // namespace wx::cache
