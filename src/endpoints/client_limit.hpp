// CLIENT_LOADS: the loads that one client may cause per window, so that a client that walks over a grid of coordinates
// does not use up the day's budget of all others. Hits are free and do not count.
//
// A client is an IPv4 address, or the /64 of an IPv6 address (one subscriber's network: RFC 6177); any other text is a
// client of its own. A client's window begins with its first load and has a fixed length of the steady clock. The table
// is bounded: when it is full, the client that caused no load for the longest time is forgotten, and would start anew.
//
// Thread-safety: allow() and clients() from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/mutex.hpp"

namespace wx::endpoints {

struct ClientLimitOptions {
  std::uint32_t loads = 0;  // per window; 0 means off
  std::chrono::seconds window{60};
  std::size_t max_clients = 10'000;
};

// Reads "60/m", "1000/h", "5000/d" or "off" into loads and window. Error: bad_parameter, with a detail
// that names the fault.
[[nodiscard]] Result<ClientLimitOptions> parse_client_loads(std::string_view text);
// The inverse of parse_client_loads().
[[nodiscard]] std::string format_client_loads(const ClientLimitOptions& options);

class ClientLimit {
 public:
  explicit ClientLimit(ClientLimitOptions options) : options_(options) {}

  [[nodiscard]] bool enabled() const { return options_.loads > 0; }

  struct Verdict {
    bool allowed = true;
    milliseconds retry_after{0};  // the end of the client's window, when refused
  };
  // Counts a load that the client at `address` is about to cause, or refuses it.
  [[nodiscard]] Verdict allow(std::string_view address, SteadyTime now);

  [[nodiscard]] std::size_t clients() const;

 private:
  struct Client {
    std::uint64_t key;
    SteadyTime window_ends;
    std::uint32_t loads;
  };

  const ClientLimitOptions options_;
  mutable Mutex mutex_;
  std::list<Client> clients_ WX_GUARDED_BY(mutex_);  // the latest first
  std::unordered_map<std::uint64_t, std::list<Client>::iterator> by_key_ WX_GUARDED_BY(mutex_);
};

}  // namespace wx::endpoints
