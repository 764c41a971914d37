// The options of an HttpClient, given at construction.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "http_client/host_address.hpp"

namespace wx::http_client {

struct HttpClientOptions {
  // Sent as User-Agent with every request.
  std::string user_agent = "weather-cache";
  // The largest body that is accepted, in bytes as they are handed over. See GetRequest::max_body.
  std::size_t max_body = 1024UL * 1024;
  // A PEM file of the certificate authorities to trust; empty: the system's.
  std::string ca_file = {};
  // Whether to ignore the proxies that the environment names.
  bool direct = false;
  // Hosts that are reached at these addresses, without the DNS. The first that matches counts. The certificate is still
  // checked against the host's name. Hosts that are reached through a proxy are not affected: the proxy resolves them.
  std::vector<HostAddress> resolve = {};
};

}  // namespace wx::http_client
