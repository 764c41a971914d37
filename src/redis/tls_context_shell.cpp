#include "redis/tls_context_shell.hpp"

#include <openssl/ssl.h>

#include "base/text.hpp"

namespace wx::redis {

Result<std::shared_ptr<TlsContext>> TlsContext::load(const std::string& ca_file) {
  auto made = std::make_shared<TlsContext>();
  boost::asio::ssl::context& context = made->context_;
  SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
  context.set_verify_mode(boost::asio::ssl::verify_peer);
  boost::system::error_code error;
  if (ca_file.empty()) {
    context.set_default_verify_paths(error);
    if (error) return fail(ErrorKind::redis_unavailable, "the system's CA certificates cannot be read");
  } else {
    context.load_verify_file(ca_file, error);
    if (error) {
      return fail(ErrorKind::redis_unavailable,
                  cat("REDIS_CA_FILE (", ca_file, ") cannot be read as PEM certificates: ", error.message()));
    }
  }
  return made;
}

}  // namespace wx::redis
