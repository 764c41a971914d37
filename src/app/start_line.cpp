#include "app/start_line.hpp"

#include <cstdio>

#include "app/listen_address.hpp"
#include "app/local_network.hpp"
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

std::string url_of(std::string_view host, std::uint16_t port) {
  return cat("http://", host, ":", port);
}

std::string own_url(const Options& options, std::uint16_t port) {
  const auto& address = options.server.address;
  return url_of(is_any_address(address) ? "localhost" : url_host(address), port);
}

// Whether the limit of open files allows fewer connections than MAX_CONNECTIONS.
bool files_limit_connections(const http_server::ServerOptions& server) {
  return server.budget->limit() < server.max_connections;
}

// The effective MAX_CONNECTIONS, and why it is smaller than the configured one.
std::string describe_connection_limit(const http_server::ServerOptions& server) {
  const auto allowed = server.budget->limit();
  if (!files_limit_connections(server)) return cat(allowed);
  return cat(allowed, " (MAX_CONNECTIONS=", server.max_connections, " does not fit into the limit of ",
             http_server::file_limit(), " open files)");
}

// A class of pupils, six connections of a browser for each, needs as many.
constexpr std::size_t kFewConnections = 200;

}  // namespace

std::string terminal_line(const Options& options, std::uint16_t port, std::optional<std::string_view> local_address) {
  constexpr std::string_view kGap = "   ";
  auto line = cat("weather-cache ", options.endpoints.version, kGap, own_url(options, port));
  if (local_address) append(line, cat(kGap, url_of(*local_address, port)));
  append(line, cat(kGap, describe_tiers(options)));
  if (files_limit_connections(options.server) && options.server.budget->limit() < kFewConnections) {
    append(line, cat(kGap, "only ", options.server.budget->limit(), " connections: see ulimit -n"));
  }
  append(line, cat(kGap, "Ctrl-C ends it"));
  return line;
}

void log_start(const Options& options, std::uint16_t port, observability::Log& log) {
  using observability::LogLevel;
  if (options.terminal && log.enabled(LogLevel::info)) {
    const bool reachable = is_any_address(options.server.address);
    const auto local = reachable ? local_network_address() : std::nullopt;
    std::fputs(cat(terminal_line(options, port, local), "\n").c_str(), stderr);
  }
  const auto url = own_url(options, port);
  const auto tiers = describe_tiers(options);
  log.say(options.terminal ? LogLevel::debug : LogLevel::info, "app", cat("listening on ", url, " (", tiers, ")"),
          {{"version", options.endpoints.version},
           {"url", url},
           {"tiers", tiers},
           {"threads", options.threads},
           {"max_connections", describe_connection_limit(options.server)}});
}

}  // namespace wx::app
