// The backplane: one channel on which the processes of a fleet tell each other of fills, failures and purges.
//
// One per process, on one I/O thread's client. A process that lost the channel is deaf, not wrong: its copies still end
// with their spans, and are looked at with doubt once it hears again (FleetListener::on_listening).
//
//   connected ─► SUBSCRIBE ─► read the epoch ─► listening ──┐ every half a minute, for what nobody has told
//                 ▲  │ refused    ▲   │ no answer      ▲ └─────────── read the epoch
//                 │  └► read the epoch, now and then   │
//                 └── no answer: again soon ───────────┘
//
// A replica that is given up for a moment, and found to be one again, is no gap worth doubting every copy for: Redis
// could not confirm what it was not allowed to keep.
//
// Thread: everything on the I/O thread of the client.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "base/executor.hpp"
#include "base/random.hpp"
#include "cache/redis_tier.hpp"
#include "observability/log.hpp"
#include "observability/metrics.hpp"
#include "redis/backoff.hpp"
#include "redis/client.hpp"

namespace wx::cache {

class Backplane {
 public:
  // `tier` is the one over `client`, `executor` its thread. All references must outlive the backplane; it must outlive
  // the client's last callback.
  Backplane(redis::Client& client, RedisTier& tier, Executor& executor, const std::string& prefix,
            FleetListener& listener, observability::Metrics& metrics, observability::Log& log);

  // The client's three handlers, to be called by whoever set them.
  void connected();
  void disconnected();
  void push(const redis::Reply& push);

  // From any thread.
  [[nodiscard]] bool listening() const { return listening_.load(std::memory_order_relaxed); }

 private:
  void listen();
  void not_heard(const Error& error);
  void read_epoch();
  void take_epoch(std::uint64_t epoch);
  void begin_listening();
  void next_after(nanoseconds wait);

  redis::Client& client_;
  RedisTier& tier_;
  Executor& executor_;
  const std::string channel_;
  FleetListener& listener_;
  observability::Metrics& metrics_;
  observability::Log& log_;
  std::atomic<bool> listening_{false};
  bool subscribed_ = false;  // on this connection
  bool refused_ = false;     // SUBSCRIBE
  bool deafness_said_ = false;
  Random random_{random_seed()};
  redis::Backoff backoff_{random_.next()};
  std::unique_ptr<Timer> timer_;
  std::unique_ptr<Timer> away_timer_;  // while a connection is away that was given up by ourselves
};

}  // namespace wx::cache
