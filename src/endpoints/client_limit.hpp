// CLIENT_LOADS: how many loads one client may cause per window, so that nobody who walks over a grid of coordinates
// spends everyone's day. Hits are free and never come here.
//
// A client is an IPv4 address, or the /64 of an IPv6 address (one subscriber's network: RFC 6177); any other text is a
// client of its own. A client's window begins with its first load and has a fixed length of the steady clock. The table
// is bounded: when it is full, whoever has caused no load for the longest time is forgotten, and could start anew.
//
// Thread-safety: allow() and clients() from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace wx::endpoints {

struct ClientLimitOptions {
  std::uint32_t loads = 0;  // per window; 0: off
  std::chrono::seconds window{60};
  std::size_t max_clients = 10'000;
};

// Reads "60/m", "1000/h", "5000/d" or "off" into loads and window. Error: bad_parameter, its detail a sentence.
[[nodiscard]] Result<ClientLimitOptions> parse_client_loads(std::string_view text);
// What parse_client_loads() takes.
[[nodiscard]] std::string format_client_loads(const ClientLimitOptions& options);

class ClientLimit {
 public:
  explicit ClientLimit(ClientLimitOptions options) : options_(options) {}

  [[nodiscard]] bool enabled() const { return options_.loads > 0; }

  struct Verdict {
    bool allowed = true;
    milliseconds retry_after{0};  // the end of the client's window, when refused
  };
  // One more load is about to be caused by the client at `address`.
  [[nodiscard]] Verdict allow(std::string_view address, SteadyTime now);

  [[nodiscard]] std::size_t clients() const;

 private:
  struct Client {
    std::uint64_t key;
    SteadyTime window_ends;
    std::uint32_t loads;
  };

  const ClientLimitOptions options_;
  mutable std::mutex mutex_;
  // mutex_ protects the following state.
  std::list<Client> clients_;  // the latest first
  std::unordered_map<std::uint64_t, std::list<Client>::iterator> by_key_;
};

}  // namespace wx::endpoints
