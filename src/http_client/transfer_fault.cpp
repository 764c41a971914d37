#include "http_client/transfer_fault.hpp"

#include <cstddef>

#include "base/text.hpp"

namespace wx::http_client {
namespace {

Error error(ErrorKind kind, std::string_view detail) {
  return {.kind = kind, .detail = std::string(detail)};
}

}  // namespace

Error transfer_fault(CURLcode code, bool request_sent) {
  using enum ErrorKind;
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return error(provider_timeout, request_sent ? "no complete answer in time" : "no connection in time");

    case CURLE_COULDNT_RESOLVE_HOST:
      return error(provider_unreachable, "its name could not be resolved");
    case CURLE_COULDNT_RESOLVE_PROXY:
      return error(provider_unreachable, "the proxy's name could not be resolved");
    case CURLE_COULDNT_CONNECT:
      return error(provider_unreachable, "the connection was refused, or could not be made");
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
      return error(provider_unreachable, "its certificate was not accepted");
    case CURLE_SSL_CACERT_BADFILE:
      return error(provider_unreachable, "the certificate authorities could not be read");
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CERTPROBLEM:
      return error(provider_unreachable, "the TLS handshake failed");
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
      return error(provider_unreachable, "the connection was lost");

    case CURLE_PARTIAL_FILE:
      return error(provider_bad_reply, "the answer was cut short");
    case CURLE_FILESIZE_EXCEEDED:
#if LIBCURL_VERSION_NUM >= 0x080600
    case CURLE_TOO_LARGE:
#endif
      return error(provider_bad_reply, "the answer was too large");
    case CURLE_BAD_CONTENT_ENCODING:
      return error(provider_bad_reply, "the answer could not be decompressed");
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:  // the answer was HTTP/0.9: prepare() has checked the URL's scheme
      return error(provider_bad_reply, "the answer was not HTTP");

    case CURLE_OUT_OF_MEMORY:
      // Before libcurl 8.6, this is also a header line above libcurl's limit of 100 KB.
      return request_sent ? error(provider_bad_reply, "the answer was too large")
                          : error(internal, "the request could not be made");
    case CURLE_URL_MALFORMAT:
    case CURLE_FAILED_INIT:
    case CURLE_BAD_FUNCTION_ARGUMENT:
    case CURLE_NOT_BUILT_IN:
    case CURLE_UNKNOWN_OPTION:
      return error(internal, "the request could not be made");

    default:
      return error(provider_unreachable, "the transfer failed");
  }
}

bool is_header_limit(CURLcode code) {
#if LIBCURL_VERSION_NUM >= 0x080600
  return code == CURLE_TOO_LARGE;
#else
  return code == CURLE_OUT_OF_MEMORY;
#endif
}

bool is_loopback(std::string_view host) {
  if (host == "[::1]" || iequals(host, "localhost")) return true;
  constexpr std::string_view kLocal = ".localhost";  // RFC 6761 §6.3
  if (host.size() > kLocal.size() && iequals(host.substr(host.size() - kLocal.size()), kLocal)) return true;
  // 127.0.0.0/8 in numeric form; "127.example.org" is a name.
  return host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string_view::npos;
}

}  // namespace wx::http_client
