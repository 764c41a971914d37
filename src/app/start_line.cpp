#include "app/start_line.hpp"

#include "app/listen_address.hpp"
#include "base/text.hpp"
#include "http_server/connection_budget.hpp"
#include "http_server/connection_plan.hpp"

namespace wx::app {
namespace {

std::string describe_tiers(const Options& options) {
  const bool memory = options.cache.memory.limit > 0;
  if (!options.redis) return memory ? "memory only" : "no cache";
  return cat(memory ? "memory, then Redis at " : "Redis only, at ", redis::describe(options.redis->url));
}

// The effective MAX_CONNECTIONS, and why it is smaller than the configured one.
std::string describe_connection_limit(const http_server::ServerOptions& server) {
  const auto allowed = server.budget->limit();
  if (allowed >= server.max_connections) return cat(allowed);
  return cat(allowed, " (MAX_CONNECTIONS=", server.max_connections, " does not fit into the limit of ",
             http_server::file_limit(), " open files)");
}

}  // namespace

void log_start(const Options& options, std::uint16_t port, observability::Log& log) {
  const auto& address = options.server.address;
  const auto url = cat("http://", is_any_address(address) ? "localhost" : url_host(address), ":", port);
  const auto tiers = describe_tiers(options);
  log.info("app", cat("listening on ", url, " (", tiers, ")"),
           {{"version", options.endpoints.version},
            {"url", url},
            {"tiers", tiers},
            {"threads", options.threads},
            {"max_connections", describe_connection_limit(options.server)}});
}

}  // namespace wx::app
