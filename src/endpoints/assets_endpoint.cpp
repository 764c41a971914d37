#include "endpoints/assets_endpoint.hpp"

#include "base/text.hpp"
#include "endpoints/accept_encoding.hpp"
#include "endpoints/headers.hpp"
#include "endpoints/negotiate.hpp"
#include "endpoints/precondition.hpp"
#include "endpoints/request_id.hpp"
#include "endpoints/send.hpp"

namespace wx::endpoints {

using http_server::Exchange;
using http_server::Field;

void respond_asset(Context& context, Exchange& exchange, const web::Asset& asset) {
  const bool encoded = !asset.brotli.empty();
  const auto encoding =
      encoded ? choose_encoding(exchange.request().field(Field::accept_encoding)) : Encoding::identity;
  const auto [body, name] = encoding == Encoding::brotli ? std::pair(asset.brotli, std::string_view("br"))
                            : encoding == Encoding::gzip ? std::pair(asset.gzip, std::string_view("gzip"))
                                                         : std::pair(asset.plain, std::string_view());
  // Each encoding is a separate representation and needs its own entity tag (RFC 9110 §8.8.3.3).
  const auto etag = name.empty() ? std::string(asset.hash) : cat(asset.hash, "-", name);
  if (refused_by_if_match(context, exchange, etag)) return;
  const auto if_none_match = exchange.request().field(Field::if_none_match);
  const bool not_modified = if_none_match && matches_etag(*if_none_match, etag);
  const RequestId id(std::nullopt, context.random);  // shared caches keep the answer, so it has no client's id
  auto& headers = context.headers;
  headers.clear();
  // RFC 9110 §15.4.5: a 304 describes no representation. The client has the 200.
  if (!not_modified) append_line(headers, "Content-Type", asset.type);
  if (!not_modified && !name.empty()) append_line(headers, "Content-Encoding", name);
  // A name that contains the content's hash always stands for the same content, so the response is immutable
  // (RFC 8246). Responses for other names must be revalidated.
  const bool hashed = asset.path.contains(asset.hash);
  append(headers,
         hashed ? "Cache-Control: public, max-age=31536000, immutable\r\n" : "Cache-Control: public, no-cache\r\n");
  if (encoded) append(headers, "Vary: Accept-Encoding\r\n");
  append(headers, cat("ETag: \"", etag, "\"\r\n"));
  // Other sites show the picture of a link's preview.
  const bool preview = asset.name == "share.png";
  append(headers,
         preview ? "Cross-Origin-Resource-Policy: cross-origin\r\n" : "Cross-Origin-Resource-Policy: same-origin\r\n");
  if (not_modified) {
    return send(context, exchange, id, {.status = 304, .shared = true}, {});
  }
  send(context, exchange, id, {.status = 200, .shared = true}, {Body::of_static(body)});
}

}  // namespace wx::endpoints
