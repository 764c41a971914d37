// Allows one run of the laboratory at a time in the whole process, turn by turn: a client that was refused has a claim,
// and comes before those that were refused later and before the one that has just had its run. Claims are in the order
// in which they were made. A claim ends if its client does not come within kPatience when it could have its turn.
//
// Thread-safety: enter() and the release of a pass from any thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>

#include "base/clock.hpp"
#include "base/mutex.hpp"

namespace wx::endpoints {

class LabGate {
 public:
  // A refused client is told to come back after one second; a person takes a little longer to press the button.
  static constexpr nanoseconds kPatience = std::chrono::seconds(4);
  // A claim also ends if its client has not come for this time.
  static constexpr nanoseconds kLongestAway = std::chrono::seconds(30);
  static constexpr std::size_t kMostClaims = 100;

  // The permission to run. It is returned by release() or by the destructor.
  class Pass {
   public:
    explicit Pass(LabGate& gate) : gate_(&gate) {}
    Pass(Pass&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}
    Pass& operator=(Pass&&) = delete;
    ~Pass() { release(); }

    void release() {
      if (auto* gate = std::exchange(gate_, nullptr)) gate->leave();
    }

   private:
    LabGate* gate_;
  };

  // Returns nothing while another run holds the pass, or while it is another client's turn. `client`: see client_key().
  [[nodiscard]] std::optional<Pass> enter(std::uint64_t client, SteadyTime now) {
    const Lock lock(mutex_);
    std::erase_if(claims_, [&](const Claim& claim) { return now - claim.seen >= kLongestAway; });
    if (!taken_) {
      if (!free_since_) free_since_ = now;
      if (!claims_.empty() && claims_.front().client != client && now - *free_since_ >= kPatience) {
        claims_.pop_front();
        free_since_ = now;
      }
      if (claims_.empty() || claims_.front().client == client) {
        if (!claims_.empty()) claims_.pop_front();
        taken_ = true;
        free_since_.reset();
        return Pass(*this);
      }
    }
    claim(client, now);
    return std::nullopt;
  }

 private:
  struct Claim {
    std::uint64_t client;
    SteadyTime seen;
  };

  void claim(std::uint64_t client, SteadyTime now) WX_REQUIRES(mutex_) {
    const auto own = std::ranges::find(claims_, client, &Claim::client);
    if (own != claims_.end()) {
      own->seen = now;
    } else if (claims_.size() < kMostClaims) {
      claims_.push_back({.client = client, .seen = now});
    }
  }

  void leave() {
    const Lock lock(mutex_);
    taken_ = false;
  }

  Mutex mutex_;
  bool taken_ WX_GUARDED_BY(mutex_) = false;
  std::optional<SteadyTime> free_since_ WX_GUARDED_BY(mutex_);  // as far as it was noticed
  std::deque<Claim> claims_ WX_GUARDED_BY(mutex_);
};

}  // namespace wx::endpoints
