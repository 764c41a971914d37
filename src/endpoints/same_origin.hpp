// Tells the requests that a page of another site makes a browser send.
//
// Thread-safety: a pure function.
#pragma once

#include "http_server/request.hpp"

namespace wx::endpoints {

// Returns true if a browser says that another site's page has sent the request: by Sec-Fetch-Site (W3C Fetch Metadata),
// or, where a browser does not send that (plain HTTP), by an Origin (RFC 6454 §7) with another host than Host. The
// scheme is not compared, because a proxy in front may speak TLS. A client that is no browser sends neither and may
// ask.
[[nodiscard]] bool is_cross_site(const http_server::Request& request);

}  // namespace wx::endpoints
