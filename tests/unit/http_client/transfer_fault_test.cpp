#include "http_client/transfer_fault.hpp"

#include <gtest/gtest.h>

namespace wx::http_client {
namespace {

TEST(TransferFault, EachCodeHasItsKind) {
  const auto kind = [](CURLcode code) { return transfer_fault(code, true).kind; };
  EXPECT_EQ(kind(CURLE_OPERATION_TIMEDOUT), ErrorKind::provider_timeout);
  EXPECT_EQ(kind(CURLE_COULDNT_RESOLVE_HOST), ErrorKind::provider_unreachable);
  EXPECT_EQ(kind(CURLE_COULDNT_CONNECT), ErrorKind::provider_unreachable);
  EXPECT_EQ(kind(CURLE_PEER_FAILED_VERIFICATION), ErrorKind::provider_unreachable);
  EXPECT_EQ(kind(CURLE_SSL_CONNECT_ERROR), ErrorKind::provider_unreachable);
  EXPECT_EQ(kind(CURLE_RECV_ERROR), ErrorKind::provider_unreachable);
  EXPECT_EQ(kind(CURLE_GOT_NOTHING), ErrorKind::provider_unreachable);
  EXPECT_EQ(kind(CURLE_HTTP2_STREAM), ErrorKind::provider_unreachable);
  EXPECT_EQ(kind(CURLE_PARTIAL_FILE), ErrorKind::provider_bad_reply);
  EXPECT_EQ(kind(CURLE_BAD_CONTENT_ENCODING), ErrorKind::provider_bad_reply);
  EXPECT_EQ(kind(CURLE_WEIRD_SERVER_REPLY), ErrorKind::provider_bad_reply);
  EXPECT_EQ(kind(CURLE_UNSUPPORTED_PROTOCOL), ErrorKind::provider_bad_reply);
  EXPECT_EQ(kind(CURLE_URL_MALFORMAT), ErrorKind::internal);
  EXPECT_EQ(kind(CURLE_FTP_PORT_FAILED), ErrorKind::provider_unreachable) << "any other error";
}

TEST(TransferFault, TellsWhereTheTimeWent) {
  EXPECT_EQ(transfer_fault(CURLE_OPERATION_TIMEDOUT, false).detail, "no connection in time");
  EXPECT_EQ(transfer_fault(CURLE_OPERATION_TIMEDOUT, true).detail, "no complete answer in time");
  EXPECT_EQ(transfer_fault(CURLE_OUT_OF_MEMORY, false).kind, ErrorKind::internal);
  EXPECT_EQ(transfer_fault(CURLE_OUT_OF_MEMORY, true).kind, ErrorKind::provider_bad_reply);
}

TEST(TransferFault, KnowsTheLimitOfHeaders) {
  for (const CURLcode code : {CURLE_OK, CURLE_RECV_ERROR, CURLE_OPERATION_TIMEDOUT, CURLE_WRITE_ERROR}) {
    EXPECT_FALSE(is_header_limit(code)) << code;
  }
}

TEST(TransferFault, KnowsThisMachine) {
  for (const auto* host : {"localhost", "LOCALHOST", "provider.localhost", "127.0.0.1", "127.255.0.3", "[::1]"}) {
    EXPECT_TRUE(is_loopback(host)) << host;
  }
  for (const auto* host : {"api.open-meteo.com", "127.example.org", "localhost.example.org", "10.0.0.1", ".localhost",
                           "notlocalhost", "[::2]", ""}) {
    EXPECT_FALSE(is_loopback(host)) << host;
  }
}

}  // namespace
}  // namespace wx::http_client
