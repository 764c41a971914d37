// Reads a query, or the body of a form, as the provider's web framework does (Vapor 4.122, URLEncodedForm): its rules
// differ from those of WHATWG's URL standard for names without a value, brackets and lists.
//
// Thread-safety: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace wx::open_meteo {

// Appends `text` with every byte escaped (%XX, RFC 3986 §2.1) but the unreserved characters and ',', ':' and '/'.
void append_query_text(std::string& out, std::string_view text);

// The query in the form that split_query() reads, with the same meaning: a '+' is written as "%20", escapes have
// capital letters, a '%' that begins no escape is escaped, and so is every byte that append_query_text() escapes, but
// for '&', '=' and '|', which separate. Writing it so again changes nothing.
[[nodiscard]] std::string normal_query(std::string_view raw);

struct QueryPair {
  enum class Kind : std::uint8_t {
    plain,     // name=value
    appended,  // name[]=value: follows the plain values of a list
    flag,      // name
    unread,    // other brackets, no name, or a name that is not UTF-8
  };
  Kind kind = Kind::unread;
  std::string name;        // decoded; with its brackets if the pair is unread
  std::string_view value;  // not decoded
  std::string_view text;   // the whole pair
};

// The pairs of a normal_query(), whose text they refer to. Empty pairs are left out.
[[nodiscard]] std::vector<QueryPair> split_query(std::string_view normal);

// The decoded value, or nothing if it is not UTF-8.
[[nodiscard]] std::optional<std::string> decode_value(std::string_view value);

struct ValueList {
  std::vector<std::string> items;  // without the empty ones
  // An item was empty or came with an escaped comma. The provider reads such a list twice, first as numbers, then as
  // text, which matters to the rounding of numbers.
  bool read_as_text = false;
};

// The items of a list parameter with these values, in the order in which they count. ',' and '|' separate before they
// are decoded, ',' afterwards too. Nothing if an item is not ASCII: the provider then separates graphemes, not
// characters.
[[nodiscard]] std::optional<ValueList> read_list(std::span<const std::string_view> values);

}  // namespace wx::open_meteo
