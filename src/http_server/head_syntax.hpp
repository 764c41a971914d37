// The syntax elements of a request head, as defined in RFC 9110 §5.6.2, RFC 9112 §2.3 and §7.1, and RFC 3986 §3.2.
//
// Thread-safety: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace wx::http_server::syntax {

// Returns the position of the first control byte other than TAB at or after `from`, or the end.
[[nodiscard]] std::size_t skip_text(std::string_view bytes, std::size_t from);

// A method or a field name: one or more tchar.
[[nodiscard]] bool is_token(std::string_view text);

// The token at the start of `text`; empty if there is none.
[[nodiscard]] std::string_view token_at_start(std::string_view text);

// One or more visible ASCII characters other than '#', which starts the fragment that a client does not send.
[[nodiscard]] bool is_target_text(std::string_view text);

// "HTTP/" DIGIT "." DIGIT
[[nodiscard]] bool is_version(std::string_view text);

// The length of "http://" or "https://" at the start of an absolute form, else 0.
[[nodiscard]] std::size_t http_scheme_length(std::string_view target);

// uri-host [ ":" port ] with a nonempty host, a port of at most five digits, and no user information.
[[nodiscard]] bool is_host(std::string_view text);

// The authority form of CONNECT (RFC 9112 §3.2.3): a host with a nonempty port.
[[nodiscard]] bool is_authority(std::string_view text);

// The first line of a chunk (RFC 9112 §7.1), without its line end.
enum class ChunkLine : std::uint8_t {
  last,       // size 0: the body ends
  with_data,  // another size
  malformed,
};
[[nodiscard]] ChunkLine read_chunk_line(std::string_view line);

}  // namespace wx::http_server::syntax
