// HTTP GETs, each with deadlines and a size cap, any number at once: libcurl's multi interface on a thread of its own.
//
// The client verifies the peer's certificate and host name, uses HTTP/2 where TLS offers it, keeps connections alive,
// decompresses answers unless told otherwise, and does not let name resolution outlast the deadline. It does not follow
// redirects (a 3xx is a status like any other), speaks http and https only, and does not retry.
//
// Proxies: libcurl reads http_proxy, https_proxy, all_proxy and no_proxy. Loopback hosts are always reached directly,
// as is every host with HttpClientOptions::direct.
#pragma once

#include <atomic>
#include <cstddef>
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
  // From the start to the head of the answer. Zero or less: total_timeout alone counts. With it, a silent provider is
  // given up early, and an answer that has begun has the time that a large body takes.
  milliseconds first_byte_timeout{0};
  // From the start to the last byte of the body; must be above zero.
  milliseconds total_timeout{5000};
  // The largest body that is accepted, in bytes as they are handed over; 0: HttpClientOptions::max_body.
  std::size_t max_body = 0;
  // Accepts gzip alone, and hands the body over as it was sent: GetResponse::content_encoding names its encoding.
  bool keep_encoding = false;
};

struct GetResponse {
  int status = 0;
  std::string content_type;  // as sent; empty if there was none
  // With keep_encoding: the encoding of the body as sent ("gzip"); empty if there was none.
  std::string content_encoding = {};
  std::string content_disposition = {};  // as sent; empty if there was none
  std::string body;  // decompressed unless the request has keep_encoding; with a body_fault: as much of it as came
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

// The bytes of the bodies that a client is receiving.
using BytesInFlight = std::shared_ptr<const std::atomic<std::size_t>>;

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

  // The bytes that have come so far of the bodies that are not whole yet. A body is not counted any more when its
  // callback is called. May be read on any thread, and outlive the client.
  [[nodiscard]] BytesInFlight bytes_in_flight() const;

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace wx::http_client
