#include "open_meteo/vapor_query.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include <simdjson.h>

#include "base/text.hpp"

namespace wx::open_meteo {
namespace {

using std::string_view;

// Returns what is before the first of `separators`, and removes it and the separator from `rest`.
string_view cut(string_view& rest, string_view separators) {
  const auto end = rest.find_first_of(separators);
  const auto piece = rest.substr(0, end);
  rest.remove_prefix(end == string_view::npos ? rest.size() : end + 1);
  return piece;
}

// By byte. Whether append_query_text() keeps it.
constexpr auto kKept = [] {
  std::array<bool, 256> kept{};
  for (const unsigned char c : string_view("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~,:/")) {
    kept[c] = true;
  }
  return kept;
}();
bool is_kept(char c) {
  return kKept[static_cast<unsigned char>(c)];
}
bool separates(char c) {
  return c == '&' || c == '=' || c == '|';
}

// Appends the first bytes of `text` that `keep` holds for, and returns their number.
template <class Keep>
std::size_t append_run(std::string& out, string_view text, Keep keep) {
  const auto end = std::ranges::find_if_not(text, keep);
  const auto size = static_cast<std::size_t>(end - text.begin());
  append(out, text.substr(0, size));
  return size;
}

bool is_ascii(string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

void append_escaped(std::string& out, char c) {
  constexpr string_view kHex = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(c);
  out += '%';
  out += kHex[byte >> 4U];
  out += kHex[byte & 15U];
}

char upper(char hex) {
  return hex >= 'a' && hex <= 'f' ? static_cast<char>(hex - 'a' + 'A') : hex;
}

QueryPair read_pair(string_view text) {
  QueryPair pair{.name = {}, .value = {}, .text = text};
  string_view rest = text;
  const string_view name = cut(rest, "=");
  pair.value = rest;
  auto decoded = decode_value(name);
  if (!decoded || decoded->empty()) return pair;
  pair.name = std::move(*decoded);
  if (name.size() == text.size()) {
    pair.kind = QueryPair::Kind::flag;
    return pair;
  }
  const auto bracket = pair.name.find_first_of("[]");
  if (bracket == std::string::npos) {
    pair.kind = QueryPair::Kind::plain;
  } else if (bracket > 0 && string_view(pair.name).substr(bracket) == "[]" && is_ascii(pair.name)) {
    pair.name.resize(bracket);
    pair.kind = QueryPair::Kind::appended;
  }
  return pair;
}

}  // namespace

void append_query_text(std::string& out, string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    i += append_run(out, text.substr(i), is_kept);
    if (i < text.size()) append_escaped(out, text[i]);
  }
}

std::string normal_query(string_view raw) {
  std::string out;
  out.reserve(raw.size() + raw.size() / 8);
  for (std::size_t i = 0; i < raw.size(); ++i) {
    i += append_run(out, raw.substr(i), [](char c) { return is_kept(c) || separates(c); });
    if (i == raw.size()) break;
    if (raw[i] == '+') {
      append(out, "%20");
    } else if (raw[i] == '%' && i + 2 < raw.size() && hex_digit(raw[i + 1]) >= 0 && hex_digit(raw[i + 2]) >= 0) {
      out += '%';
      out += upper(raw[i + 1]);
      out += upper(raw[i + 2]);
      i += 2;
    } else {
      append_escaped(out, raw[i]);
    }
  }
  return out;
}

std::vector<QueryPair> split_query(string_view normal) {
  std::vector<QueryPair> pairs;
  while (!normal.empty()) {
    const auto text = cut(normal, "&");
    if (!text.empty()) pairs.push_back(read_pair(text));
  }
  return pairs;
}

std::optional<std::string> decode_value(string_view value) {
  if (value.find('%') == string_view::npos) return std::string(value);
  auto decoded = percent_decode(value, Plus::literal);
  if (decoded && !simdjson::validate_utf8(*decoded)) decoded.reset();
  return decoded;
}

std::optional<ValueList> read_list(std::span<const string_view> values) {
  ValueList list;
  for (string_view rest : values) {
    for (bool more = true; more;) {
      more = rest.find_first_of(",|") != string_view::npos;
      const auto piece = percent_decode(cut(rest, ",|"), Plus::literal);
      if (!piece || !is_ascii(*piece)) return std::nullopt;
      if (piece->empty() || piece->find(',') != std::string::npos) list.read_as_text = true;
      for (string_view items = *piece; !items.empty();) {
        const auto item = cut(items, ",");
        if (!item.empty()) list.items.emplace_back(item);
      }
    }
  }
  return list;
}

}  // namespace wx::open_meteo
