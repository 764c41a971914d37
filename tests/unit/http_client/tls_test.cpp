// The provider's certificate: which authority signed it, and for which name.
#include <string>

#include <gtest/gtest.h>

#include "http_client/http_client.hpp"
#include "outcome.hpp"
#include "support/certificate.hpp"
#include "support/fake_provider.hpp"
#include "support/memory_log.hpp"

namespace wx::http_client {
namespace {

using namespace std::chrono_literals;
using test::FakeProvider;

class Tls : public testing::Test {
 protected:
  std::string outcome(const FakeProvider& provider, const std::string& host, const std::string& ca_file) {
    HttpClient client({.ca_file = ca_file}, log);
    const std::string url = "https://" + host + ":" + std::to_string(provider.port()) + "/x";
    return told(get(client, {.url = url, .connect_timeout = 5s, .total_timeout = 10s}));
  }

  test::CertificateAuthority authority;
  test::MemoryLog log;
};

TEST_F(Tls, TakesACertificateOfATrustedAuthorityForTheNameThatWasAsked) {
  const FakeProvider provider(authority.issue({"localhost"}));
  EXPECT_EQ(outcome(provider, "localhost", authority.file()), "200");
  EXPECT_EQ(provider.calls(), 1U);
}

TEST_F(Tls, RefusesACertificateForAnotherName) {
  const FakeProvider provider(authority.issue({"elsewhere.example"}));
  EXPECT_EQ(outcome(provider, "localhost", authority.file()), "provider-unreachable: its certificate was not accepted");
  EXPECT_EQ(provider.calls(), 0U) << "nothing is sent to a server with the wrong identity";
}

TEST_F(Tls, RefusesACertificateOfAnUnknownAuthority) {
  const FakeProvider provider(authority.issue({"localhost"}));
  EXPECT_EQ(outcome(provider, "localhost", ""), "provider-unreachable: its certificate was not accepted");
  const test::CertificateAuthority other;
  EXPECT_EQ(outcome(provider, "localhost", other.file()), "provider-unreachable: its certificate was not accepted");
  EXPECT_EQ(provider.calls(), 0U);
}

TEST_F(Tls, AnAuthorityFileThatIsNotThereIsTold) {
  const FakeProvider provider(authority.issue({"localhost"}));
  EXPECT_EQ(outcome(provider, "localhost", "/nowhere/ca.pem"),
            "provider-unreachable: the certificate authorities could not be read");
}

}  // namespace
}  // namespace wx::http_client
