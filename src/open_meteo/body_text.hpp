// What can be said of a reply's body, and of its Content-Type, before it is parsed.
//
// Thread-safety: pure functions.
#pragma once

#include <string_view>

namespace wx::open_meteo {

// Whether a Content-Type is that of JSON (RFC 8259 §1.1), with any parameters.
[[nodiscard]] bool is_json_type(std::string_view content_type);

// The body without the UTF-8 byte order mark that some servers and proxies put first. RFC 8259 §8.1 lets a parser
// ignore it.
[[nodiscard]] std::string_view without_byte_order_mark(std::string_view body);

// Why a body that is no JSON document is none. The provider has failed if it sent no whole document: nothing, a
// document that is not closed, or one that it gave up (it then writes a sentence into the body, because the status 200
// has been sent). So has whoever answers with a web page. Every other document is whole, only its content is wrong
// (a bare `nan`): that concerns the one place.
[[nodiscard]] bool is_cut_short(std::string_view body);
[[nodiscard]] bool is_web_page(std::string_view body);

// The sentence in which the provider says that it gave up sending a body, from its first word to the end of `body`.
// Empty if there is none.
[[nodiscard]] std::string_view gave_up(std::string_view body);

}  // namespace wx::open_meteo
