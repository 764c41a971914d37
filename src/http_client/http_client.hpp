// HTTP GETs, each with a deadline and a size cap, any number at once: libcurl's multi interface on a thread of its own.
//
// The client verifies the peer's certificate and host name, uses HTTP/2 where TLS offers it, keeps connections alive,
// decompresses answers, and does not let name resolution outlast the deadline. It does not follow redirects (a 3xx is a
// status like any other), speaks http and https only, and does not retry.
//
// Proxies: libcurl reads http_proxy, https_proxy, all_proxy and no_proxy. Loopback hosts are always reached directly,
// as is every host with HttpClientOptions::direct.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "http_client/header_times.hpp"
#include "http_client/http_client_options.hpp"
#include "observability/log.hpp"

namespace wx::http_client {

struct GetRequest {
  std::string url;
  // Whole header lines ("X-Api-Key: abc"), without line ends.
  std::vector<std::string> headers = {};
  // For name resolution, TCP and TLS together. Zero or less: total_timeout alone counts, and libcurl's five minutes.
  milliseconds connect_timeout{0};
  // From the start to the last byte of the body; must be above zero.
  milliseconds total_timeout{5000};
};

struct GetResponse {
  int status = 0;
  std::string content_type;  // as sent; empty if there was none
  std::string body;          // decompressed; with a body_fault: as much of it as came
  // Why the body did not come whole: cut short, connection lost, too slow, too large, undecodable. The status and the
  // header fields are as valid as those of any other answer, because the header section was whole (RFC 9112 §8). The
  // exception is a header section above the client's limit: the fields up to the limit are here. Error::of_query is set
  // if the body was too large, because the answer to another query may be smaller.
  std::optional<Error> body_fault = {};
  nanoseconds duration{0};  // from the start to the last byte
  // Header fields; empty if there was none, or none that can be read.
  std::optional<std::chrono::sys_seconds> date = {};
  std::optional<std::chrono::seconds> age = {};
  std::optional<RetryAfter> retry_after = {};
};

using GetCallback = std::move_only_function<void(Result<GetResponse>)>;

// Thread-safety: get() from any thread, the callbacks included.
class HttpClient {
 public:
  // Setting up libcurl and TLS takes 100 ms, so the client's thread does that at the first get(). `log` must outlive
  // the client. At level debug it gets libcurl's description of each fault, which may name addresses.
  HttpClient(HttpClientOptions options, observability::Log& log);

  // Abandons running transfers: their callbacks get ErrorKind::draining before the destructor returns.
  ~HttpClient();

  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Starts a transfer. `done` is called exactly once, on the client's thread, never from within get(), and must not
  // destroy the client; an exception that it throws is logged. Errors: provider_unreachable (no name, no connection,
  // certificate refused, reset), provider_timeout, provider_bad_reply (not HTTP), draining, internal (the request is
  // not valid, or libcurl could not be set up for it). Their detail is fit for the service's clients: it names no
  // address. A reply whose header section does not end is such an error, too, whatever its status line says. A later
  // fault is no error, but GetResponse::body_fault.
  void get(GetRequest request, GetCallback done);

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace wx::http_client
