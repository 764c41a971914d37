// GET /assets/<name>.<hash>.<ext>: the page's embedded files, packed as the client can unpack them.
//
// Thread-safety: pure functions; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "http_server/exchange.hpp"
#include "web/assets.hpp"

namespace wx::endpoints {

enum class Encoding : std::uint8_t { identity, gzip, brotli };

// The best encoding by Accept-Encoding (RFC 9110 §12.5.3); brotli before gzip before none where the weights are equal.
// A client that refuses everything gets identity.
[[nodiscard]] Encoding choose_encoding(std::optional<std::string_view> accept_encoding);

// Answers with the asset, or 304. `headers` is scratch; `request_id` goes into the answer.
void respond_asset(http_server::Exchange& exchange, const web::Asset& asset, std::string& headers,
                   std::string_view request_id);

}  // namespace wx::endpoints
