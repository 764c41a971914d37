// The options of an HttpClient, given at construction.
#pragma once

#include <cstddef>
#include <string>

namespace wx::http_client {

struct HttpClientOptions {
  // Sent as User-Agent with every request.
  std::string user_agent = "weather-cache";
  // The largest body that is accepted, in bytes after decompression.
  std::size_t max_body = 1024UL * 1024;
  // A PEM file of the certificate authorities to trust; empty: the system's.
  std::string ca_file = {};
  // Whether to ignore the proxies that the environment names.
  bool direct = false;
};

}  // namespace wx::http_client
