// GET /assets/<name>.<hash>.<ext>: the page's embedded files, packed as the client can unpack them.
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

// The best encoding by Accept-Encoding (RFC 9110 §12.5.3); brotli before gzip before none where the weights are equal.
// A client that refuses everything gets identity.
[[nodiscard]] Encoding choose_encoding(std::optional<std::string_view> accept_encoding);

// Answers with the asset, or 304.
void respond_asset(Context& context, http_server::Exchange& exchange, const web::Asset& asset);

}  // namespace wx::endpoints
