// A real redis-server of the test's own: on 127.0.0.1, on a port that was free, without persistence.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "support/certificate.hpp"
#include "support/process.hpp"
#include "support/temp_dir.hpp"

namespace wx::test {

struct RedisServerOptions {
  std::string password = {};                    // `requirepass`; empty: none
  std::string acl_user = {};                    // an ACL user "name rules...", e.g. "app on >secret ~weather:* +@all";
                                                // the default user is then off
  std::optional<ServerCertificate> tls = {};    // speak TLS on the port, and nothing else
  std::vector<std::string> configuration = {};  // more lines of redis.conf, e.g. "maxmemory 1mb"
};

// Beside its port the server always listens on a unix socket and knows a user of the test's own, so that command()
// works whatever the options. Throws std::runtime_error when no server comes up.
// Thread-safety: none, but command() may be called from any thread while nothing else is.
class RedisServer {
 public:
  explicit RedisServer(RedisServerOptions options = {});

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string socket_path() const { return dir_.file("redis.sock"); }
  // redis://127.0.0.1:<port>, or rediss://localhost:<port> with TLS. No user, no password.
  [[nodiscard]] std::string url() const;

  // One command over a connection of its own. Nothing for a nil reply; an array's elements are joined by newlines.
  // Throws std::runtime_error on an error reply or when no reply comes within two seconds.
  std::optional<std::string> command(const std::vector<std::string>& words) const;  // NOLINT(modernize-use-nodiscard)

  void kill();    // SIGKILL: connections are reset, all data gone
  void start();   // again after kill(), on the same port; returns when it answers
  void freeze();  // SIGSTOP: connections stay, nothing is answered
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
