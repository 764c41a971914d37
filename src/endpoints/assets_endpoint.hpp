// GET /assets/<name>.<hash>.<ext>: the page's embedded files, in the best content encoding that the client accepts.
//
// Thread: on the I/O thread of the context.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "endpoints/context.hpp"
#include "http_server/exchange.hpp"
#include "web/assets.hpp"

namespace wx::endpoints {

enum class Encoding : std::uint8_t { identity, gzip, brotli };

// Chooses the encoding by Accept-Encoding (RFC 9110 §12.5.3). With equal weights, brotli comes before gzip, and gzip
// before identity. A client that refuses every encoding gets identity.
[[nodiscard]] Encoding choose_encoding(std::optional<std::string_view> accept_encoding);

// Answers with the asset, with 304 if If-None-Match names its entity tag, or with 412 if If-Match does not.
void respond_asset(Context& context, http_server::Exchange& exchange, const web::Asset& asset);

}  // namespace wx::endpoints
