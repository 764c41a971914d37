// Limits what one client may do per window: CLIENT_LOADS (the loads that it may cause, so that a client that requests a
// grid of coordinates does not use up the daily provider budget of all others; cache hits do not count), and the limits
// of limits.hpp.
//
// A client is identified by its IPv4 address or by the /64 prefix of its IPv6 address (the smallest network of a
// subscriber: RFC 6177). Text that is not an address identifies the client literally. The window has a fixed length,
// measured by the steady clock, and begins with the client's first load. The table is bounded: when it is full, the
// client that asked for a load least recently is dropped and would start with a new window.
//
// Thread-safety: any thread; a Reservation may end on any thread, and after the limit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/error.hpp"

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

// The identity of the client at `address`.
[[nodiscard]] std::uint64_t client_key(std::string_view address);

class ClientLimit {
  class Table;

 public:
  explicit ClientLimit(ClientLimitOptions options);

  [[nodiscard]] bool enabled() const { return enabled_; }

  struct Verdict {
    bool allowed = true;
    milliseconds retry_after{0};  // if refused: until the client's window ends
  };
  // Counts a load that the client at `address` is about to cause, or refuses it if the client's budget is used up.
  [[nodiscard]] Verdict allow(std::string_view address, SteadyTime now);
  // The same without counting.
  [[nodiscard]] Verdict check(std::string_view address, SteadyTime now) const;

  // A load that is counted, and taken back at the end of this object unless it has begun.
  class Reservation {
   public:
    Reservation(std::shared_ptr<Table> table, std::uint64_t key, SteadyTime window_ends);
    Reservation(Reservation&&) noexcept = default;
    Reservation& operator=(Reservation&&) = delete;
    ~Reservation();

    // The load has begun.
    void keep();

   private:
    std::shared_ptr<Table> table_;  // null: nothing to take back
    std::uint64_t key_;
    SteadyTime window_ends_;
  };
  // As allow(), but for a load that may not come about. Error: client_limited, with retry_after. Only if enabled().
  [[nodiscard]] Result<Reservation> reserve(std::string_view address, SteadyTime now);

  [[nodiscard]] std::size_t clients() const;

 private:
  bool enabled_;
  std::shared_ptr<Table> table_;
};

}  // namespace wx::endpoints
