#include "support/certificate.hpp"

#include <cctype>
#include <cstdio>
#include <stdexcept>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/text.hpp"

namespace wx::test {
namespace {

template <auto Free>
struct Freer {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freer<X509_free>>;

void require(bool good) {
  if (!good) throw std::runtime_error("OpenSSL could not make a certificate");
}

Certificate blank(EVP_PKEY* key, const std::string& name, long serial) {
  constexpr long kDay = 24 * 60 * 60;
  Certificate certificate(X509_new());
  X509* x = certificate.get();
  require(X509_set_version(x, X509_VERSION_3) == 1);
  require(ASN1_INTEGER_set(X509_get_serialNumber(x), serial) == 1);
  require(X509_gmtime_adj(X509_getm_notBefore(x), -kDay) != nullptr);
  require(X509_gmtime_adj(X509_getm_notAfter(x), 30 * kDay) != nullptr);
  require(X509_set_pubkey(x, key) == 1);
  const auto* text = reinterpret_cast<const unsigned char*>(name.c_str());
  require(X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_UTF8, text, -1, -1, 0) == 1);
  return certificate;
}

void extend(X509* certificate, X509* issuer, int what, const std::string& value) {
  X509V3_CTX context{};
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, what, value.c_str());
  require(extension != nullptr && X509_add_ext(certificate, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

template <class Write>
void save(const std::string& where, Write write) {
  std::FILE* file = std::fopen(where.c_str(), "w");
  require(file != nullptr);
  const bool good = write(file) == 1;
  require(std::fclose(file) == 0 && good);
}

}  // namespace

struct CertificateAuthority::Keys {
  Key key{EVP_EC_gen("P-256")};
  Certificate certificate;
};

CertificateAuthority::CertificateAuthority() : keys_(std::make_unique<Keys>()) {
  require(keys_->key != nullptr);
  keys_->certificate = blank(keys_->key.get(), cat("Authority of ", dir_.path().filename().string()), 1);
  X509* own = keys_->certificate.get();
  require(X509_set_issuer_name(own, X509_get_subject_name(own)) == 1);
  extend(own, own, NID_basic_constraints, "critical,CA:TRUE");
  extend(own, own, NID_key_usage, "critical,keyCertSign,cRLSign");
  extend(own, own, NID_subject_key_identifier, "hash");
  require(X509_sign(own, keys_->key.get(), EVP_sha256()) != 0);
  save(file(), [&](std::FILE* out) { return PEM_write_X509(out, own); });
}

CertificateAuthority::~CertificateAuthority() = default;

std::string CertificateAuthority::file() const {
  return dir_.file("ca.pem");
}

ServerCertificate CertificateAuthority::issue(const std::vector<std::string>& names) {
  require(!names.empty());
  ++issued_;
  const Key key(EVP_EC_gen("P-256"));
  require(key != nullptr);
  const Certificate certificate = blank(key.get(), names.front(), 1 + issued_);
  X509* authority = keys_->certificate.get();
  require(X509_set_issuer_name(certificate.get(), X509_get_subject_name(authority)) == 1);

  std::string alternatives;
  for (const auto& name : names) {
    const bool number = std::isdigit(static_cast<unsigned char>(name.front())) != 0 || name.contains(':');
    append(alternatives, cat(alternatives.empty() ? "" : ",", number ? "IP:" : "DNS:", name));
  }
  extend(certificate.get(), authority, NID_subject_alt_name, alternatives);
  extend(certificate.get(), authority, NID_ext_key_usage, "serverAuth");
  require(X509_sign(certificate.get(), keys_->key.get(), EVP_sha256()) != 0);

  ServerCertificate made{dir_.file(cat("server-", issued_, ".pem")), dir_.file(cat("server-", issued_, ".key"))};
  save(made.certificate_file, [&](std::FILE* out) { return PEM_write_X509(out, certificate.get()); });
  save(made.key_file,
       [&](std::FILE* out) { return PEM_write_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr); });
  return made;
}

}  // namespace wx::test
