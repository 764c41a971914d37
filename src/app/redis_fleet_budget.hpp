// The fleet's count of provider calls, kept in Redis. The totals of one window are a sorted set with two members for
// each process, "<id>:s" (spent) and "<id>:g" (given back), in thousandths of a call:
//
//   ZADD <key> GT <total> <member> ...    writes totals where the set holds lower ones (Redis 6.2)
//   ZRANGE <key> 0 -1 WITHSCORES          reads all totals
//   GET <counter of 0.1.0>                where asked for
//   PEXPIRE <key> <span>                  with FleetWindow::expire; otherwise afterwards, if ZADD added a member: the
//                                         key may be new
//
// All commands of an exchange leave in one write.
#pragma once

#include <memory>
#include <string>
#include <unordered_set>

#include "base/clock.hpp"
#include "base/executor.hpp"
#include "observability/log.hpp"
#include "open_meteo/fleet_budget.hpp"
#include "redis/client.hpp"

namespace wx::app {

// Thread-safety: exchange() from any thread; the work is done on the thread of `client`, which must be that of
// `executor`.
class RedisFleetBudget final : public open_meteo::FleetBudget {
 public:
  // The references must outlive the object, and the object must outlive the client's last callback. It must be
  // destroyed on the executor's thread, or after that thread has stopped; exchanges under way are dropped. `prefix` is
  // put before every key (CACHE_PREFIX). While the client's breaker is open, exchange() fails at once.
  RedisFleetBudget(redis::Client& client, Executor& executor, std::string prefix, observability::Log& log);
  ~RedisFleetBudget() override;

  void exchange(std::vector<open_meteo::FleetWindow> windows, open_meteo::Patience patience, Done done,
                Late late) override;

 private:
  class Exchange;
  void begin(std::vector<open_meteo::FleetWindow> windows, open_meteo::Patience patience, Done done, Late late);
  // Logs once that this Redis is too old.
  void note_refusal(const Error& error);

  redis::Client& client_;
  Executor& executor_;
  const std::string prefix_;
  observability::Log& log_;
  bool too_old_logged_ = false;
  // Exchanges whose caller waits for a late reply.
  std::unordered_set<std::shared_ptr<Exchange>> patient_;
};

// Reads the reply of ZRANGE ... WITHSCORES, in the form of RESP3 (pairs) or of RESP2 (alternating). Ignores members and
// scores of any other form.
[[nodiscard]] std::vector<open_meteo::FleetTotals> parse_totals(const redis::Reply& reply);

}  // namespace wx::app
