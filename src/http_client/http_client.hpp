// One HTTP GET with a deadline and a size cap: libcurl's multi interface on one thread of its own.
//
// What it takes care of: TLS with the peer's certificate and host name verified, HTTP/2 where TLS offers it,
// keep-alive, compressed answers, name resolution that cannot outlast the deadline. What it does not do: follow
// redirects (a 3xx is a status like any other), speak anything but http and https, retry.
//
// Proxies: libcurl's reading of http_proxy, https_proxy, all_proxy and no_proxy applies, except for loopback hosts,
// which are always asked directly, and with HttpClientOptions::direct.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "http_client/http_client_options.hpp"
#include "observability/log.hpp"

namespace wx::http_client {

struct GetRequest {
  std::string url;
  // Whole header lines ("X-Api-Key: abc"), without line ends.
  std::vector<std::string> headers;
  // To a connection that is ready for the request: name, TCP, TLS. Zero or less: no limit of its own.
  milliseconds connect_timeout{0};
  // From the start to the last byte of the body; must be above zero.
  milliseconds total_timeout{5000};
};

struct GetResponse {
  int status = 0;
  std::string content_type;  // as sent; empty if there was none
  std::string body;          // decompressed
  nanoseconds duration{0};   // from the start to the last byte
};

using GetCallback = std::move_only_function<void(Result<GetResponse>)>;

// Thread-safety: get() from any thread, the callbacks included.
class HttpClient {
 public:
  // Starts nothing yet: setting up libcurl and TLS takes 100 ms, and is left to the first get(), on the client's
  // thread. `log` must outlive the client. It is told libcurl's own words about a fault, which may name addresses, at
  // level debug.
  HttpClient(HttpClientOptions options, observability::Log& log);

  // Abandons what runs: its callbacks are called with ErrorKind::draining before the destructor returns.
  ~HttpClient();

  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Asks. `done` is called exactly once, on the client's thread, never from within get(); it must not throw and must
  // not destroy the client. Faults: provider_unreachable (no name, no connection, certificate refused, reset),
  // provider_timeout, provider_bad_reply (too large, cut short, not HTTP, undecodable), draining, internal (a request
  // that is none). Their detail is fit for a client: it names no address.
  void get(GetRequest request, GetCallback done);

 private:
  class Worker;
  std::unique_ptr<Worker> worker_;
};

}  // namespace wx::http_client
