// Parses request heads once whole and once cut as the input says. Both must give the same result, and every span must
// lie within the head.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "http_server/head_parser.hpp"
#include "http_server/request.hpp"
#include "require.hpp"

namespace {

using wx::fuzz::require;
using wx::http_server::HeadParser;
using wx::http_server::kFields;
using wx::http_server::Request;
using wx::http_server::RequestHead;
using wx::http_server::Span;

bool same(const Span& a, const Span& b) {
  return a.offset == b.offset && a.length == b.length;
}

void require_same(const RequestHead& a, const RequestHead& b) {
  require(a.method == b.method && a.http_1_0 == b.http_1_0 && a.keep_alive == b.keep_alive && a.size == b.size);
  require(same(a.target, b.target) && same(a.path, b.path) && same(a.query, b.query));
  require(a.present == b.present && a.repeated == b.repeated);
  for (std::size_t i = 0; i < kFields; ++i) require(same(a.fields[i], b.fields[i]));
}

void require_sound(const RequestHead& head, std::string_view bytes) {
  require(head.size <= bytes.size() && bytes.substr(0, head.size).ends_with("\r\n\r\n"));
  const auto within = [&head](const Span& span) { return span.offset + span.length <= head.size; };
  require(within(head.target) && within(head.path) && within(head.query));
  const Request request(bytes.data(), head, {}, nullptr);
  require(!request.path().empty() && !request.target().empty());
  for (std::size_t i = 0; i < kFields; ++i) {
    require(within(head.fields[i]));
    const auto value = request.field(static_cast<wx::http_server::Field>(i));
    require(value.has_value() == head.has(static_cast<wx::http_server::Field>(i)));
    if (value) require(value->find_first_of(std::string_view("\r\n\0", 3)) == value->npos);
  }
}

}  // namespace

// The first two bytes select where to cut: the size of the step, and its growth.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  std::size_t step = data[0] + std::size_t{1};
  const std::size_t growth = data[1];
  const std::string bytes(reinterpret_cast<const char*>(data + 2), size - 2);

  HeadParser whole;
  const auto expected = whole.feed(bytes);

  HeadParser cut;
  auto got = HeadParser::Status::need_more;
  for (std::size_t n = 0; got == HeadParser::Status::need_more;) {
    // A new copy each time moves the head, so that a sanitizer notices a read past its end.
    const auto received = std::make_unique<std::string>(bytes, 0, n);
    got = cut.feed(*received);
    if (n == bytes.size()) break;
    n = std::min(n + step, bytes.size());
    step += growth;
  }

  require(expected == got);
  if (expected == HeadParser::Status::complete) {
    require_same(whole.head(), cut.head());
    require_sound(whole.head(), bytes);
  } else if (expected == HeadParser::Status::refused) {
    require(whole.refusal() == cut.refusal() && whole.detail() == cut.detail() && !whole.detail().empty());
    require(whole.head().method == cut.head().method);
  }
  return 0;
}
