// The backplane: one channel on which the processes of a fleet announce fills, failures and purges to each other.
//
// One per process, on one I/O thread's client. A process that is disconnected from the channel misses messages but
// serves nothing wrong: its copies still end with their spans, and are checked once it listens again
// (FleetListener::on_listening).
//
//   connected ─► SUBSCRIBE ─► read the epoch ─► listening ──┐ every 29 s, in case a message was lost
//                 ▲  │ refused    ▲   │ no answer      ▲ └─────────── read the epoch
//                 │  └► read the epoch now and then    │
//                 └── no answer: retry soon ───────────┘
//
// A connection that the client gives up because the server is a replica, and that leads to a replica again, is no gap:
// checking every copy for it would be of no use, since Redis cannot confirm entries that it was not allowed to store.
//
// Thread: everything on the I/O thread of the client.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "base/executor.hpp"
#include "base/random.hpp"
#include "cache/redis_epoch.hpp"
#include "cache/remote_tier.hpp"
#include "observability/log.hpp"
#include "observability/metrics.hpp"
#include "redis/backoff.hpp"
#include "redis/client.hpp"

namespace wx::cache {

class Backplane {
 public:
  // `epoch` is the one over `client`, `executor` its thread. All references must outlive the backplane; it must outlive
  // the client's last callback.
  Backplane(redis::Client& client, RedisEpoch& epoch, Executor& executor, const std::string& prefix,
            FleetListener& listener, observability::Metrics& metrics, observability::Log& log);

  // To be called by the client's three handlers.
  void connected();
  void disconnected();
  void push(const redis::Reply& push);

  // From any thread.
  [[nodiscard]] bool listening() const { return listening_.load(std::memory_order_relaxed); }

 private:
  void listen();
  void log_not_listening(const Error& error);
  void read_epoch();
  void take_epoch(std::uint64_t epoch);
  void begin_listening();
  void next_after(nanoseconds wait);

  redis::Client& client_;
  RedisEpoch& epoch_;
  Executor& executor_;
  const std::string channel_;
  FleetListener& listener_;
  observability::Metrics& metrics_;
  observability::Log& log_;
  std::atomic<bool> listening_{false};
  bool subscribed_ = false;  // on this connection
  bool refused_ = false;     // the server refuses SUBSCRIBE
  bool logged_ = false;      // that the channel cannot be listened to
  Random random_{random_seed()};
  redis::Backoff backoff_{random_.next()};
  std::unique_ptr<Timer> timer_;
  std::unique_ptr<Timer> away_timer_;  // runs while the client, having left a replica, dials again
};

}  // namespace wx::cache
