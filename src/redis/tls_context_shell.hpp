// The TLS settings that all connections share. Names Asio.
#pragma once

#include <memory>
#include <string>

#include <boost/asio/ssl/context.hpp>

#include "base/error.hpp"

namespace wx::redis {

class TlsContext {
 public:
  // Reads the certificates to trust: those of `ca_file`, or of the system if that is empty. Slow (100 ms with a
  // system's bundle): not for an I/O thread. The error is a sentence for the log.
  [[nodiscard]] static Result<std::shared_ptr<TlsContext>> load(const std::string& ca_file);

  // Using it from several threads is safe, changing it is not.
  [[nodiscard]] boost::asio::ssl::context& context() { return context_; }

 private:
  boost::asio::ssl::context context_{boost::asio::ssl::context::tls_client};
};

}  // namespace wx::redis
