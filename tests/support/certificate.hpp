// Certificates for tests of TLS. They are made at run time, so none is stored and none expires.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "support/temp_dir.hpp"

namespace wx::test {

// A server's certificate and key, as PEM files.
struct ServerCertificate {
  std::string certificate_file;
  std::string key_file;
};

// An authority that only those trust who are given its file. The files live as long as the object.
// Throws std::runtime_error when OpenSSL fails.
class CertificateAuthority {
 public:
  CertificateAuthority();
  ~CertificateAuthority();

  [[nodiscard]] std::string file() const;  // the authority's own certificate, PEM

  // A certificate for these subject alternative names ("localhost", "127.0.0.1"; numbers become IP entries).
  [[nodiscard]] ServerCertificate issue(const std::vector<std::string>& names);

 private:
  struct Keys;
  std::unique_ptr<Keys> keys_;
  TempDir dir_;
  int issued_ = 0;
};

}  // namespace wx::test
