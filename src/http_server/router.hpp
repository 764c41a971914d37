// Dispatches requests by path and method. A route that has GET also answers HEAD. The router itself answers OPTIONS
// with 204 (Allow, and CORS where the route says so), unknown paths with 404, methods that a route does not have with
// 405 and Allow (RFC 9110 §15.5.6), and methods that HTTP does not define with 501 (§9.1). It compares the normal forms
// of paths, and answers a path that has none with 400 (normal_path.hpp).
//
// Thread-safety: immutable after construction. handle(), refuse() and the functions of the routes may run on several
// threads at once.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http_server/exchange.hpp"

namespace wx::http_server {

using HandlerFunction = std::function<void(Exchange&)>;

// Answers with a refusal. `extra_headers` are complete "Name: value\r\n" lines to add to the answer (Allow).
using RefusalFunction =
    std::function<void(Exchange&, ErrorKind, std::string_view detail, std::string_view extra_headers)>;

struct Route {
  enum class Match : std::uint8_t { exact, prefix };

  std::string path;
  Match match = Match::exact;
  // At least one; each of get, post, del at most once. The router adds HEAD and OPTIONS.
  std::vector<std::pair<Method, HandlerFunction>> methods;
  bool any_origin = false;  // the answer to OPTIONS allows the scripts of any site (CORS)
  bool when_full = false;   // see Handler::serves_when_full()
};

// The paths of an interface with rules of its own: it answers all methods, and words all refusals, itself.
struct Mount {
  std::function<bool(std::string_view path)> has;  // a path in normal form, or as received if it has none
  HandlerFunction handle;
  RefusalFunction refuse;
};

class Router final : public Handler {
 public:
  // Exact paths take precedence over prefixes, and longer prefixes over shorter ones. Exact paths are searched in
  // order, so the most frequent one should come first. Exact paths take precedence over `mount`, and that over
  // prefixes.
  Router(std::vector<Route> routes, RefusalFunction refuse, std::optional<Mount> mount = std::nullopt);

  void handle(Exchange& exchange) override;
  [[nodiscard]] bool serves_when_full(const Request& request) const override;
  void refuse(Exchange& exchange, ErrorKind kind, std::string_view detail) override;

 private:
  struct Entry {
    Route route;
    std::string allow;    // "Allow: GET, HEAD, OPTIONS\r\n"
    std::string options;  // the header lines of an OPTIONS answer
  };
  [[nodiscard]] const Entry* find_exact(std::string_view path) const;
  [[nodiscard]] const Entry* find(std::string_view normal_path) const;
  void refuse_method(Exchange& exchange, const std::string& allow);
  // Whether the request is for the mount.
  [[nodiscard]] bool is_mounted(const Request& request) const;

  std::vector<Entry> exact_;
  std::vector<Entry> prefixes_;  // longest first
  std::string all_allow_;        // for CONNECT
  std::string all_options_;      // for "OPTIONS *"
  RefusalFunction refuse_;
  std::optional<Mount> mount_;
};

}  // namespace wx::http_server
