// The checks of bodies, and gzip. How a body is cut into pieces does not matter; what the checks accept, another parser
// reads; and gzip gives back what went in, within its limit.
//
// The first two bytes of the input choose the question and the cuts, the rest is the body.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>

#include <simdjson.h>

#include "base/gzip.hpp"
#include "open_meteo/body_check.hpp"
#include "open_meteo/body_text.hpp"
#include "require.hpp"

namespace {

using namespace wx::open_meteo;
using wx::fuzz::require;

Asked question(std::uint8_t choice) {
  Asked asked;
  asked.format = static_cast<Format>(choice & 3);
  asked.locations = choice >> 2 & 3;
  asked.models = 1 + (choice >> 4 & 1);
  asked.opaque = (choice & 0x20) != 0;
  if ((choice & 0x40) != 0) asked.path = (choice & 0x80) != 0 ? Path::elevation : Path::search;
  return asked;
}

std::string_view type(Format format) {
  switch (format) {
    case Format::csv:
      return "text/csv";
    case Format::xlsx:
      return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    case Format::flatbuffers:
      return "application/octet-stream";
    default:
      return "application/json";
  }
}

// An odd size of pieces, so that none divides the others.
template <class Feed>
void in_pieces(std::string_view body, std::uint8_t choice, Feed feed) {
  const std::size_t size = 1 + choice;
  for (; !body.empty(); body.remove_prefix(std::min(size, body.size()))) feed(body.substr(0, size));
}

auto facts(const BodyFacts& f) {
  return std::tie(f.size, f.data_hash, f.empty_of_values, f.current_time, f.current_interval, f.utc_offsets,
                  f.ends_with_gap);
}

// The error of simdjson for an integer that does not fit into 64 bits differs between its versions.
bool has_long_number(std::string_view body) {
  std::size_t digits = 0;
  for (const char c : body) {
    digits = c >= '0' && c <= '9' ? digits + 1 : 0;
    if (digits >= 19) return true;
  }
  return false;
}

void check_body_of(const Asked& asked, std::string_view body, std::uint8_t cuts) {
  const auto whole = check_body(asked, type(asked.format), body);
  const auto check = BodyCheck::make(asked, type(asked.format));
  in_pieces(body, cuts, [&check](std::string_view piece) { check->feed(piece); });
  const auto pieces = check->finish();
  require(whole.has_value() == pieces.has_value());
  if (!whole) {
    require(whole.error().detail == pieces.error().detail && whole.error().of_query == pieces.error().of_query);
    require(whole.error().kind == wx::ErrorKind::provider_bad_reply);
    for (const char c : whole.error().detail) require(c >= ' ' && c <= '~');
    return;
  }
  require(facts(*whole) == facts(*pieces));
  require(whole->size == body.size() && whole->data_hash.size() == 32 && whole->utc_offsets.size() <= 192);
  const bool is_json = asked.format == Format::json;
  if (is_json && !whole->empty_of_values && !has_long_number(body)) {
    simdjson::dom::parser parser;
    const auto code = parser.parse(simdjson::padded_string(without_byte_order_mark(body))).error();
    require(code == simdjson::SUCCESS || code == simdjson::NUMBER_ERROR);  // 1e999 is too large for a double
  }
}

void check_gzip_of(std::string_view body, std::uint8_t cuts) {
  constexpr std::size_t kLimit = 1 << 16;
  const std::size_t limit = cuts * 300UL;
  std::string out;
  wx::Inflater inflater(limit);
  in_pieces(body, cuts, [&](std::string_view piece) {
    std::ignore = inflater.feed(piece, [&out](std::string_view decoded) { out += decoded; });
  });
  require(out.size() <= limit && out.size() == inflater.size());
  const auto whole = wx::inflate_gzip(body, limit);
  const auto pieces = inflater.finish();
  require(whole.has_value() == pieces.has_value());
  require(whole ? *whole == out : whole.error() == pieces.error());
  const auto again = wx::inflate_gzip(wx::deflate_gzip(body, 1 + cuts % 9), kLimit);
  require(body.size() > kLimit || (again && *again == body));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view body(reinterpret_cast<const char*>(data) + 2, size - 2);
  check_body_of(question(data[0]), body, data[1]);
  check_gzip_of(body, data[1]);
  return 0;
}
