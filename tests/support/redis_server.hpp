// A real redis-server for one test: on a free port of 127.0.0.1, without persistence.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "support/certificate.hpp"
#include "support/movable_clock.hpp"
#include "support/process.hpp"
#include "support/temp_dir.hpp"

namespace wx::test {

struct RedisServerOptions {
  std::string password = {};                    // `requirepass`; empty: none
  std::string acl_user = {};                    // an ACL user "name rules...", e.g. "app on >secret ~weather:* +@all";
                                                // the default user is then off
  std::optional<ServerCertificate> tls = {};    // the port speaks only TLS
  const ClockControl* clock = nullptr;          // the server's wall clock moves with it (tests/preload)
  std::vector<std::string> configuration = {};  // more lines of redis.conf, e.g. "maxmemory 1mb"
};

// The server also listens on a unix socket and has a user for command(), which therefore works with any options. Throws
// std::runtime_error if no server starts.
// Thread-safety: none, except that any thread may call command() while no other member is running.
class RedisServer {
 public:
  explicit RedisServer(RedisServerOptions options = {});

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string socket_path() const { return dir_.file("redis.sock"); }
  // redis://127.0.0.1:<port>, or rediss://localhost:<port> with TLS. No user, no password.
  [[nodiscard]] std::string url() const;

  // Sends one command over a new connection. Empty for a nil reply; the elements of an array are joined by newlines.
  // Throws std::runtime_error on an error reply, or without a reply within two seconds.
  std::optional<std::string> command(const std::vector<std::string>& words) const;  // NOLINT(modernize-use-nodiscard)

  void kill();    // SIGKILL: resets all connections and loses all data
  void start();   // starts it again after kill() on the same port; returns when it answers
  void freeze();  // SIGSTOP: connections stay open, nothing is answered
  void thaw();    // SIGCONT

 private:
  [[nodiscard]] std::string configuration() const;
  [[nodiscard]] bool try_start();

  RedisServerOptions options_;
  TempDir dir_;
  std::uint16_t port_ = 0;
  std::unique_ptr<Process> process_;
};

}  // namespace wx::test
