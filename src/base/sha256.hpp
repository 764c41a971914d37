// SHA-256 (FIPS 180-4): a hash that nobody can forge, for names that stand for a longer text.
//
// Thread-safety: pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace wx {

// The first `bytes` (at most 32) of the hash, in hexadecimal digits of lower case. Throws std::runtime_error if OpenSSL
// fails.
[[nodiscard]] std::string sha256_hex(std::string_view text, std::size_t bytes = 32);

}  // namespace wx
