// CLIENT_LOADS limits the loads that one client may cause per window, so that a client that requests a grid of
// coordinates does not use up the daily provider budget of all others. Cache hits do not count.
//
// A client is identified by its IPv4 address or by the /64 prefix of its IPv6 address (the smallest network of a
// subscriber: RFC 6177). Text that is not an address identifies the client literally. The window has a fixed length,
// measured by the steady clock, and begins with the client's first load. The table is bounded: when it is full, the
// client that asked for a load least recently is dropped and would start with a new window.
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

// Parses "60/m", "1000/h", "5000/d" or "off" into loads and window. Error: bad_parameter; its detail names the fault.
[[nodiscard]] Result<ClientLimitOptions> parse_client_loads(std::string_view text);
// The inverse of parse_client_loads().
[[nodiscard]] std::string format_client_loads(const ClientLimitOptions& options);

class ClientLimit {
 public:
  explicit ClientLimit(ClientLimitOptions options) : options_(options) {}

  [[nodiscard]] bool enabled() const { return options_.loads > 0; }

  struct Verdict {
    bool allowed = true;
    milliseconds retry_after{0};  // if refused: until the client's window ends
  };
  // Counts a load that the client at `address` is about to cause, or refuses it if the client's budget is used up.
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
  std::list<Client> clients_ WX_GUARDED_BY(mutex_);  // most recent first
  std::unordered_map<std::uint64_t, std::list<Client>::iterator> by_key_ WX_GUARDED_BY(mutex_);
};

}  // namespace wx::endpoints
