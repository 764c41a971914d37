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

// Closes a socket, and so ends the operation on it, when the operation takes too long.
class Watchdog {
 public:
  Watchdog(Socket& socket, milliseconds limit) : state_(std::make_shared<State>(socket)) {
    state_->timer.expires_after(limit);
    state_->timer.async_wait([state = state_](error_code error) {
      if (error || state->socket == nullptr) return;
      state->expired = true;
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
  [[nodiscard]] bool expired() const { return state_->expired; }

 private:
  struct State {
    explicit State(Socket& watched) : timer(watched.get_executor()), socket(&watched) {}
    asio::steady_timer timer;
    Socket* socket;
    bool expired = false;
  };
  std::shared_ptr<State> state_;
};

ConnectionFault fault(Cause cause, std::string sentence) {
  return {cause, std::move(sentence)};
}

asio::awaitable<Fault> resolve(Socket& socket, const Address& address, std::vector<Endpoint>& endpoints) {
  error_code error;
  const auto ip = asio::ip::make_address(address.host, error);
  if (!error) {
    endpoints.emplace_back(asio::ip::tcp::endpoint(ip, address.port));
    co_return std::nullopt;
  }
  asio::ip::tcp::resolver resolver(socket.get_executor());
  const std::string service = cat(address.port);
  const auto flags = asio::ip::resolver_base::numeric_service;
  const auto found =
      co_await resolver.async_resolve(address.host, service, flags, asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return fault(Cause::dial, cat("the host name ", address.host, " was not resolved: ", error.message()));
  for (const auto& entry : found) endpoints.emplace_back(entry.endpoint());
  co_return std::nullopt;
}

asio::awaitable<Fault> connect(Socket& socket, const Address& address, const std::vector<Endpoint>& endpoints,
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
      late = watchdog.expired();
    }
    if (!error && !late) {
      if (!address.is_unix()) socket.set_option(asio::ip::tcp::no_delay(true), error);
      co_return std::nullopt;
    }
    last = fault(Cause::dial, late ? cat("no answer to the connection attempt within ", format_duration(kConnectLimit))
                                   : cat("cannot connect: ", error.message()));
  }
  co_return last;
}

// Sets the name that the certificate must carry, and the one sent as server name indication.
void expect_host(SSL* ssl, const std::string& host) {
  error_code error;
  asio::ip::make_address(host, error);
  if (!error) {  // RFC 6066 §3: no server name indication for an IP address
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str());
    return;
  }
  SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  SSL_set1_host(ssl, host.c_str());
  SSL_set_tlsext_host_name(ssl, host.c_str());
}

ConnectionFault tls_fault(SSL* ssl, const Address& address, error_code error) {
  const long verdict = SSL_get_verify_result(ssl);
  if (verdict == X509_V_ERR_HOSTNAME_MISMATCH || verdict == X509_V_ERR_IP_ADDRESS_MISMATCH) {
    return fault(Cause::untrusted, cat("wrong host name: the certificate of Redis is not for ", address.host));
  }
  if (verdict != X509_V_OK) {
    return fault(Cause::untrusted,
                 cat("the certificate of Redis is not trusted (", X509_verify_cert_error_string(verdict),
                     "); REDIS_CA_FILE names the CA to trust"));
  }
  const std::string message = error.message();
  if (message.find("wrong version number") != std::string::npos ||
      message.find("packet length too long") != std::string::npos) {
    return fault(Cause::tls, "the answer is not TLS; does the server speak TLS on this port?");
  }
  return fault(Cause::tls, cat("the TLS handshake failed: ", message));
}

asio::awaitable<Fault> shake_hands(Socket& socket, TlsStream& tls, const Address& address) {
  expect_host(tls.native_handle(), address.host);
  error_code error;
  bool late = false;
  {
    const Watchdog watchdog(socket, kTlsLimit);
    co_await tls.async_handshake(asio::ssl::stream_base::client, asio::redirect_error(asio::use_awaitable, error));
    late = watchdog.expired();
  }
  // A Redis without TLS takes our first record for an unfinished inline command and waits for the rest.
  if (late) {
    co_return fault(Cause::tls, cat("the TLS handshake did not finish within ", format_duration(kTlsLimit),
                                    "; does the server speak TLS on this port?"));
  }
  if (error) co_return tls_fault(tls.native_handle(), address, error);
  co_return std::nullopt;
}

}  // namespace

asio::awaitable<Fault> dial(Socket& socket, std::optional<TlsStream>& tls, const Address& address, TlsContext* context,
                            const bool& abandoned) {
  std::vector<Endpoint> endpoints;
  if (address.is_unix()) {
    endpoints.emplace_back(asio::local::stream_protocol::endpoint(address.socket_path));
  } else {
    Fault unresolved = co_await resolve(socket, address, endpoints);
    if (unresolved) co_return unresolved;
  }
  Fault unconnected = co_await connect(socket, address, endpoints, abandoned);
  if (unconnected) co_return unconnected;
  if (context == nullptr || abandoned) co_return std::nullopt;
  tls.emplace(socket, context->context());
  Fault refused = co_await shake_hands(socket, *tls, address);
  co_return refused;
}

}  // namespace wx::redis
