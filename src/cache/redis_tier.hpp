// The shared tier in Redis: one value per key (codec.hpp), one lease per key, and messages on one channel. It uses
// no Lua, and the keys of a command are in one slot, as a cluster requires.
//
//   value    SET <key> <entry> PX <its spans> [NX]            GET <key>
//   purge    DEL <key> <beside>, SET <key> <tombstone> PX <longest>, GET <lease>; if that is a failure: forget
//   lease    SET <lease> <token> NX PX <span>                 GET <lease>, PTTL <lease>, DEL <lease>
//                                                             (PEXPIRE <lease> <longest>, see kLongestLease)
//   failure  SET <lease> fail:<kind>:<number> XX PX <memo>    GET <lease>, PTTL <lease> (failure_text.hpp)
//   forget   GET <lease>, PTTL <lease>, DEL <lease>; if that was a token: SET <lease> <token> NX PX <left>
//   message  PUBLISH <channel> <message> (fleet_message.hpp)
//
// A value of a later version of the format is left alone. While the key holds one, this process stores and reads its
// own at <beside> (value_key_beside()), always together with the key. So processes of both versions share a Redis, and
// neither undoes the other's work.
//
// DEL <lease> ends a lease only if the process sends it that won the lease, while more than kLeaseEdge of it is left by
// this process's clock (Flight). So it need not compare the token. A failure that a purge has ended is removed by
// whoever meets it. If a process has taken the lease in the meantime (the failure was over, or another process has
// removed it), the lease is put back.
//
// While the client's breaker is open, every operation fails at once with redis_unavailable. store_failure() and
// give_back(), which have no callback, do nothing then.
//
// Thread-safety: the I/O thread of the client only.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "cache/recent_keys.hpp"
#include "cache/redis_epoch.hpp"
#include "cache/remote_tier.hpp"
#include "observability/log.hpp"
#include "observability/metrics.hpp"
#include "redis/client.hpp"

namespace wx::cache {

class RedisTier final : public RemoteTier {
 public:
  // `prefix` (CACHE_PREFIX) precedes every key. All references must outlive the tier. The client must be stopped before
  // the tier is destroyed, because the callbacks of its commands use the tier.
  RedisTier(redis::Client& client, std::string prefix, const Clock& clock, observability::Metrics& metrics,
            observability::Log& log);

  void read(std::string_view key, ReadCallback done) override;
  void take_lease(std::string_view key, std::string_view token, milliseconds span, LeaseCallback done) override;
  void look(std::string_view key, LeaseCallback done) override;
  void store(std::string_view key, const Entry& entry, bool release, DoneCallback done) override;
  void store_failure(std::string_view key, const FailureMemo& memo) override;
  void give_back(std::string_view key) override;
  void bury(std::string_view key, const Entry& tombstone, DoneCallback done) override;
  void forget_failure(std::string_view key, DoneCallback done) override;
  void announce_purge(std::string_view key, WallTime at, DoneCallback done) override;
  void put_back(std::string_view key, const Entry& entry) override;
  void raise_epoch(std::uint64_t ours, EpochCallback done) override;
  [[nodiscard]] bool holds_later_version(std::string_view key) const override;

  [[nodiscard]] RedisEpoch& redis_epoch() { return epoch_; }

 private:
  // A key is forgotten after this time, which is longer than a load, if no value of a later version is met there.
  static constexpr std::chrono::minutes kLaterFor{5};
  static constexpr std::size_t kLaterLimit = 10'000;
  struct LeaseAttempt;
  struct Look;

  [[nodiscard]] bool unavailable(std::string_view key) const { return !client_.available(key); }
  [[nodiscard]] std::optional<Entry> entry_of(std::string_view key, const redis::Reply& reply);
  // This version's entry at <beside>. beside_of() requests it, so it is complete when the reply to the next command
  // comes. Null if the key is not known to hold a value of a later version.
  using Beside = std::shared_ptr<std::optional<Entry>>;
  [[nodiscard]] Beside beside_of(std::string_view key) { return later_.empty() ? nullptr : read_beside(key); }
  [[nodiscard]] Beside read_beside(std::string_view key);
  // The value of a key, given the reply to GET and what is beside: if the key holds a value of a later version, that is
  // noted, and the value is the one beside or, without one, unreadable.
  [[nodiscard]] std::optional<Entry> value_of(std::string_view key, const redis::Reply& reply, const Beside& beside) {
    auto entry = entry_of(key, reply);
    if (!later_.empty() || (entry && entry->kind == EntryKind::unreadable)) judge(key, reply, beside, entry);
    return entry;
  }
  void judge(std::string_view key, const redis::Reply& reply, const Beside& beside, std::optional<Entry>& entry);
  // The key in Redis where this process stores.
  [[nodiscard]] std::string own_key(std::string_view key) const;
  milliseconds limit_lease(const Look& found, std::int64_t pttl);
  // Releases a lease with an unknown owner (its SET was not answered in time) if it holds `token`. Retries until
  // `until`.
  void give_back_if_ours(std::string lease, std::string token, SteadyTime until);
  void publish(std::string_view message);
  // Reports the reply to the breaker, and then its success or error to `done`.
  [[nodiscard]] redis::Callback recorded(std::string_view key, DoneCallback done);
  [[nodiscard]] milliseconds time_left(const Entry& entry) const;
  // Reports the result of an operation on `key` to the breaker; null for success.
  void record(std::string_view key, const Error* error);
  // Logs the first refusal since a write was last accepted.
  void log_refusal(const Error& error);
  void on_accepted_write();

  redis::Client& client_;
  const std::string prefix_;
  const std::string channel_;
  const Clock& clock_;
  observability::Metrics& metrics_;
  observability::Log& log_;
  RedisEpoch epoch_;
  bool refused_before_ = false;                // a command was refused, and no write has been accepted since
  RecentKeys<SteadyTime> later_{kLaterLimit};  // the keys that hold a value of a later version, and when they were seen
  std::string key_;                            // buffer, reused by read()
  std::string head_;                           // buffer, reused by store()
};

}  // namespace wx::cache
