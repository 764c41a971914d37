// Tells the requests that a page of another site makes a browser send.
//
// Thread-safety: a pure function.
#pragma once

#include "endpoints/client_address.hpp"
#include "http_server/request.hpp"

namespace wx::endpoints {

// Returns true if a browser says that another site's page has sent the request: by Sec-Fetch-Site (W3C Fetch Metadata),
// or, where a browser does not send that (plain HTTP), by an Origin (RFC 6454 §7) with another host than Host. The
// scheme is not compared, because a proxy in front may speak TLS. A client that is no browser sends neither and may
// ask.
//
// A trusted proxy that rewrites Host may name the host that the browser asked for in X-Forwarded-Host or in Forwarded
// (RFC 7239 §5.3). No page of another site can make a browser send these fields.
[[nodiscard]] bool is_cross_site(const http_server::Request& request, const TrustedProxies& trusted);

}  // namespace wx::endpoints
