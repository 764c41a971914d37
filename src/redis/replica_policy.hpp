// When to leave a server that has turned out to be a read-only replica.
//
// After a failover the old master lives on as a replica, and our connection with it. The server's name may lead to the
// new master by now, and only dialling again finds out. If dialling leads to a replica again, the
// server is meant to be one or is not repaired yet, and the connection is kept for longer each time.
//
// A pure kernel: time comes in as a parameter. Thread-safety: none.
#pragma once

#include <algorithm>
#include <optional>

#include "base/clock.hpp"

namespace wx::redis {

class ReplicaPolicy {
 public:
  // How long a connection to a replica is kept at first, and at most.
  static constexpr milliseconds kFirstStay{5000};
  static constexpr milliseconds kLongestStay{60'000};
  // A refusal this long after the last one begins anew.
  static constexpr milliseconds kForgotten{300'000};

  // The server refused a write because it is a replica. `said_so`: it also said so at the handshake. Returns whether to
  // dial again now.
  [[nodiscard]] bool on_refused_write(SteadyTime now, bool said_so) {
    const bool lately = left_at_ && now - *left_at_ < kForgotten;
    if (lately && now - *left_at_ < stay_) return false;
    stay_ = lately && said_so ? std::min<nanoseconds>(2 * stay_, kLongestStay) : kFirstStay;
    left_at_ = now;
    return true;
  }

 private:
  std::optional<SteadyTime> left_at_;
  nanoseconds stay_{};  // of the next connection
};

}  // namespace wx::redis
