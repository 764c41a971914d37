#include "redis/dial_shell.hpp"

#include <utility>
#include <vector>

#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include "base/text.hpp"

namespace wx::redis {
namespace {

using Cause = ConnectionFault::Cause;
using Fault = std::optional<ConnectionFault>;
using Endpoint = asio::generic::stream_protocol::endpoint;

// Closes a socket when an operation on it takes too long, so that the operation ends.
class Watchdog {
 public:
  Watchdog(Socket& socket, milliseconds limit) : state_(std::make_shared<State>(socket)) {
    state_->timer.expires_after(limit);
    state_->timer.async_wait([state = state_](error_code error) {
      if (error || state->socket == nullptr) return;
      state->barked = true;
      error_code ignored;
      state->socket->close(ignored);
    });
  }
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;
  ~Watchdog() {
    state_->socket = nullptr;
    state_->timer.cancel();
  }
  [[nodiscard]] bool barked() const { return state_->barked; }

 private:
  struct State {
    explicit State(Socket& watched) : timer(watched.get_executor()), socket(&watched) {}
    asio::steady_timer timer;
    Socket* socket;
    bool barked = false;
  };
  std::shared_ptr<State> state_;
};

ConnectionFault fault(Cause cause, std::string sentence) {
  return {cause, std::move(sentence)};
}

asio::awaitable<Fault> resolve(Socket& socket, const Url& url, std::vector<Endpoint>& endpoints) {
  error_code error;
  const auto address = asio::ip::make_address(url.host, error);
  if (!error) {
    endpoints.emplace_back(asio::ip::tcp::endpoint(address, url.port));
    co_return std::nullopt;
  }
  asio::ip::tcp::resolver resolver(socket.get_executor());
  const std::string service = cat(url.port);
  const auto flags = asio::ip::resolver_base::numeric_service;
  const auto found =
      co_await resolver.async_resolve(url.host, service, flags, asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return fault(Cause::dial, cat("the host name ", url.host, " was not resolved: ", error.message()));
  for (const auto& entry : found) endpoints.emplace_back(entry.endpoint());
  co_return std::nullopt;
}

asio::awaitable<Fault> connect(Socket& socket, const Url& url, const std::vector<Endpoint>& endpoints,
                               const bool& abandoned) {
  Fault last;
  for (const Endpoint& endpoint : endpoints) {
    if (abandoned) co_return fault(Cause::dial, "abandoned");
    error_code error;
    socket.close(error);
    bool late = false;
    {
      const Watchdog watchdog(socket, kConnectLimit);
      co_await socket.async_connect(endpoint, asio::redirect_error(asio::use_awaitable, error));
      late = watchdog.barked();
    }
    if (!error && !late) {
      if (!url.is_unix()) socket.set_option(asio::ip::tcp::no_delay(true), error);
      co_return std::nullopt;
    }
    last = fault(Cause::dial, late ? cat("no answer to connecting within ", format_duration(kConnectLimit))
                                   : cat("cannot connect: ", error.message()));
  }
  co_return last;
}

// The name that the certificate must bear, and that the server is asked for.
void expect_host(SSL* ssl, const std::string& host) {
  error_code error;
  asio::ip::make_address(host, error);
  if (!error) {  // RFC 6066 §3: no server name indication for an address
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str());
    return;
  }
  SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  SSL_set1_host(ssl, host.c_str());
  SSL_set_tlsext_host_name(ssl, host.c_str());
}

ConnectionFault tls_fault(SSL* ssl, const Url& url, error_code error) {
  const long verdict = SSL_get_verify_result(ssl);
  if (verdict == X509_V_ERR_HOSTNAME_MISMATCH || verdict == X509_V_ERR_IP_ADDRESS_MISMATCH) {
    return fault(Cause::untrusted, cat("wrong host name: the certificate of Redis is not for ", url.host));
  }
  if (verdict != X509_V_OK) {
    return fault(Cause::untrusted,
                 cat("the certificate of Redis is not trusted (", X509_verify_cert_error_string(verdict),
                     "); REDIS_CA_FILE names the CA to trust"));
  }
  const std::string message = error.message();
  if (message.find("wrong version number") != std::string::npos ||
      message.find("packet length too long") != std::string::npos) {
    return fault(Cause::tls, "what answers does not speak TLS; does the server speak TLS on this port?");
  }
  return fault(Cause::tls, cat("the TLS handshake failed: ", message));
}

asio::awaitable<Fault> shake_hands(Socket& socket, TlsStream& tls, const Url& url) {
  expect_host(tls.native_handle(), url.host);
  error_code error;
  bool late = false;
  {
    const Watchdog watchdog(socket, kTlsLimit);
    co_await tls.async_handshake(asio::ssl::stream_base::client, asio::redirect_error(asio::use_awaitable, error));
    late = watchdog.barked();
  }
  // A plain Redis takes our first record for the beginning of an inline command and waits for its end.
  if (late) {
    co_return fault(Cause::tls, cat("no end of the TLS handshake within ", format_duration(kTlsLimit),
                                    "; does the server speak TLS on this port?"));
  }
  if (error) co_return tls_fault(tls.native_handle(), url, error);
  co_return std::nullopt;
}

}  // namespace

asio::awaitable<Fault> dial(Socket& socket, std::optional<TlsStream>& tls, const RedisOptions& options,
                            TlsContext* context, const bool& abandoned) {
  const Url& url = options.url;
  std::vector<Endpoint> endpoints;
  if (url.is_unix()) {
    endpoints.emplace_back(asio::local::stream_protocol::endpoint(url.socket_path));
  } else {
    Fault unresolved = co_await resolve(socket, url, endpoints);
    if (unresolved) co_return unresolved;
  }
  Fault unconnected = co_await connect(socket, url, endpoints, abandoned);
  if (unconnected) co_return unconnected;
  if (context == nullptr || abandoned) co_return std::nullopt;
  tls.emplace(socket, context->context());
  Fault refused = co_await shake_hands(socket, *tls, url);
  co_return refused;
}

}  // namespace wx::redis
