// One table of routes: which function answers which method on which path. What the table does not know is answered
// here: HEAD wherever there is GET, OPTIONS with 204 (Allow and CORS), 404, and 405 with Allow (RFC 9110 §15.5.6).
//
// Thread-safety: immutable once made; handle() and refuse() may run on several threads at once, and so may the
// functions it was given.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http_server/exchange.hpp"

namespace wx::http_server {

using HandlerFunction = std::function<void(Exchange&)>;

// Renders a refusal and responds. `extra_headers` are complete "Name: value\r\n" lines to send with it (Allow).
using RefusalFunction =
    std::function<void(Exchange&, ErrorKind, std::string_view detail, std::string_view extra_headers)>;

struct Route {
  enum class Match : std::uint8_t { exact, prefix };

  std::string path;
  Match match = Match::exact;
  // At least one; each of get, post, del at most once. HEAD and OPTIONS come of themselves.
  std::vector<std::pair<Method, HandlerFunction>> methods;
};

class Router final : public Handler {
 public:
  // Exact paths go before prefixes, longer prefixes before shorter ones; put what is asked most first.
  Router(std::vector<Route> routes, RefusalFunction refuse);

  void handle(Exchange& exchange) override;
  void refuse(Exchange& exchange, ErrorKind kind, std::string_view detail) override;

 private:
  struct Entry {
    Route route;
    std::string allow;    // "Allow: GET, HEAD, OPTIONS\r\n"
    std::string options;  // the header lines of an OPTIONS answer
  };
  [[nodiscard]] const Entry* find(std::string_view path) const;

  std::vector<Entry> exact_;
  std::vector<Entry> prefixes_;  // longest first
  std::string all_options_;      // for "OPTIONS *"
  RefusalFunction refuse_;
};

}  // namespace wx::http_server
