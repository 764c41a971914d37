// The backplane: one Redis channel on which the processes of a fleet announce fills, failures and purges to each other.
//
// One per process, on one I/O thread's client. A process that loses the channel misses messages, including purges. Its
// copies still expire by their spans, and are checked against Redis once it listens again
// (FleetListener::on_listening).
//
//   connected           SUBSCRIBE, then read the epoch, then listening. If either is not answered, retry soon.
//   SUBSCRIBE refused   read the epoch, and repeat both every 14.5 s
//   listening           read the epoch every 29 s, in case a message was lost
//   a message           about another epoch than this process's: read the epoch, at most once a second
//
// If the client closes the connection because the server is a replica, and reconnects to a replica, the interruption
// does not count as a gap. Checking every copy would be useless, because Redis cannot confirm entries that it was not
// allowed to store.
//
// Thread-safety: the I/O thread of the client, except for listening().
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "base/executor.hpp"
#include "base/random.hpp"
#include "cache/fleet_listener.hpp"
#include "cache/fleet_message.hpp"
#include "cache/redis_epoch.hpp"
#include "observability/log.hpp"
#include "observability/metrics.hpp"
#include "redis/backoff.hpp"
#include "redis/client.hpp"

namespace wx::cache {

class Backplane {
 public:
  // `epoch` must use `client`, and `executor` must be the client's thread. All references must outlive the backplane.
  // The backplane must outlive the client's last callback.
  Backplane(redis::Client& client, RedisEpoch& epoch, Executor& executor, const std::string& prefix,
            FleetListener& listener, observability::Metrics& metrics, observability::Log& log);

  // The client's three handlers must call these.
  void connected();
  void disconnected();
  void push(const redis::Reply& push);

  // True while the channel is subscribed and the epoch is known. Thread-safety: any thread.
  [[nodiscard]] bool listening() const { return listening_.load(std::memory_order_relaxed); }

 private:
  void listen();
  void log_not_listening(const Error& error);
  void read_epoch();
  // `asked`: this process's epoch when the key was read.
  void take_epoch(const EpochKey& key, std::uint64_t asked);
  void look_at_epoch();
  void begin_listening();
  void schedule_next(nanoseconds wait);

  redis::Client& client_;
  RedisEpoch& epoch_;
  Executor& executor_;
  const std::string channel_;
  FleetListener& listener_;
  MessageReader reader_;
  observability::Metrics& metrics_;
  observability::Log& log_;
  std::atomic<bool> listening_{false};
  bool subscribed_ = false;  // on the current connection
  bool refused_ = false;     // the server refuses SUBSCRIBE
  bool not_listening_logged_ = false;
  bool foreign_logged_ = false;
  bool repairing_ = false;  // a repair of the epoch's key is under way
  Random random_{random_seed()};
  redis::Backoff backoff_{random_.next()};
  std::unique_ptr<Timer> timer_;
  std::unique_ptr<Timer> look_timer_;  // runs for a second after a message made this process read the epoch
  bool look_again_ = false;            // another such message came in that second
  std::unique_ptr<Timer> away_timer_;  // runs while the client reconnects after leaving a replica
};

}  // namespace wx::cache
