// The Redis that a fleet shares, and the remote tier of one process, for tests of the cache. For one thread.
//
// FakeFleet holds values, leases and failures, which expire by the test's clock, and passes each published message to
// every listener. FakeRemote answers at once, or when the test releases the answer, or with an error. On demand the
// test chooses when a command reaches Redis (`held`) and when its reply comes back (`replies`).
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "cache/fleet_message.hpp"
#include "cache/remote_tier.hpp"
#include "support/fake_clock.hpp"

namespace wx::test {

struct FakeFleet {
  // An entry and its expiry, which store() sets once. An entry that a test puts here itself expires by its own spans.
  struct Value : cache::Entry {
    Value() = default;
    Value(cache::Entry entry) : cache::Entry(std::move(entry)) {}  // NOLINT(google-explicit-constructor): see above
    SteadyTime until = SteadyTime::max();
  };
  struct Lease {
    std::string token;
    std::optional<cache::FailureMemo> failure;
    SteadyTime until;
  };

  explicit FakeFleet(FakeClock& c) : clock(c) {}

  Lease* lease(const std::string& key) {
    const auto found = leases.find(key);
    if (found == leases.end()) return nullptr;
    if (clock.steady() >= found->second.until) {
      leases.erase(found);
      return nullptr;
    }
    return &found->second;
  }
  void publish(const std::string& message) {
    ++published;
    if (lose_messages) return;
    for (auto* listener : listeners) readers[listener].hear(message, *listener);
  }

  FakeClock& clock;
  std::map<std::string, Value> values;
  std::map<std::string, Lease> leases;
  std::vector<cache::FleetListener*> listeners;
  std::map<cache::FleetListener*, cache::MessageReader> readers;
  std::uint64_t epoch = 0;
  bool lose_messages = false;
  int published = 0;
};

class FakeRemote final : public cache::RemoteTier {
 public:
  explicit FakeRemote(FakeFleet& fleet) : fleet_(fleet) {}

  void read(std::string_view key, ReadCallback done) override {
    ++reads;
    done = back(std::move(done));
    act([this, key = std::string(key), done = std::move(done)]() mutable {
      if (failing) return done(fail(*failing, failing_detail));
      done(value(key));
    });
  }
  void take_lease(std::string_view key, std::string_view token, milliseconds span, LeaseCallback done) override {
    done = back(std::move(done));
    act([this, key = std::string(key), token = std::string(token), span, done = std::move(done)]() mutable {
      if (failing) return done(fail(*failing, failing_detail));
      if (refusing) return done(refused());
      const bool free = fleet_.lease(key) == nullptr;
      if (free) fleet_.leases[key] = {token, std::nullopt, fleet_.clock.steady() + span};
      auto seen = view(key);
      seen.won = free;
      if (free) seen.lease_left.reset();
      done(std::move(seen));
    });
  }
  void look(std::string_view key, LeaseCallback done) override {
    done = back(std::move(done));
    act([this, key = std::string(key), done = std::move(done)]() mutable {
      if (failing) return done(fail(*failing, failing_detail));
      done(view(key));
    });
  }
  void store(std::string_view key, const cache::Entry& entry, bool release, DoneCallback done) override {
    ++writes;
    act([this, key = std::string(key), entry, release, done = std::move(done)]() mutable {
      if (failing) return done(fail(*failing, failing_detail));
      const auto left = left_of(entry);
      if (left <= milliseconds(0)) {
        if (release) end_lease(key);
        return done({});
      }
      if (refusing) {
        if (release) end_lease(key);
        return done(refused());
      }
      put(key, entry, left);
      if (release) fleet_.leases.erase(key);
      fleet_.publish(cache::fill_message(key, entry));
      done({});
    });
  }
  void store_failure(std::string_view key, const cache::FailureMemo& memo) override {
    act([this, key = std::string(key), memo] {
      if (failing) return;
      if (refusing) return end_lease(key);
      if (auto* lease = fleet_.lease(key)) {
        lease->failure = memo;
        lease->failure->count = std::min(memo.count, cache::FailureMemo::kMaxCount);
        lease->failure->epoch = memo.epoch.value_or(0);
        lease->until = fleet_.clock.steady() + std::clamp(memo.left, milliseconds(1), cache::kLongestFailure);
      }
      fleet_.publish(cache::fail_message(key));
    });
  }
  void give_back(std::string_view key) override {
    act([this, key = std::string(key)] {
      if (!failing) end_lease(key);
    });
  }
  void bury(std::string_view key, const cache::Entry& tombstone, DoneCallback done) override {
    act([this, key = std::string(key), tombstone, done = std::move(done)]() mutable {
      if (failing) return done(fail(*failing, failing_detail));
      fleet_.values.erase(key);
      end_failure(key);
      if (refusing) return done(refused());
      put(key, tombstone, tombstone.spans.total());
      done({});
    });
  }
  void forget_failure(std::string_view key, DoneCallback done) override {
    act([this, key = std::string(key), done = std::move(done)]() mutable {
      if (failing) return done(fail(*failing, failing_detail));
      end_failure(key);
      done({});
    });
  }
  void announce_purge(std::string_view key, WallTime at, DoneCallback done) override {
    auto announce = [this, key = std::string(key), at, done = std::move(done)]() mutable {
      if (failing) return done(fail(*failing, failing_detail));
      fleet_.publish(cache::purge_message(key, at));
      fleet_.publish(cache::purge_message(key));
      done({});
    };
    if (!purges_in_one || held.empty()) return act(std::move(announce));
    held.back() = [bury = std::move(held.back()), announce = std::move(announce)]() mutable {
      bury();
      announce();
    };
  }
  void put_back(std::string_view key, const cache::Entry& entry) override {
    act([this, key = std::string(key), entry] {
      if (failing || refusing || value(key) || left_of(entry) <= milliseconds(0)) return;
      put(key, entry, left_of(entry));
    });
  }
  void raise_epoch(std::uint64_t above, EpochCallback done) override {
    done = back(std::move(done));
    act([this, above, done = std::move(done)]() mutable {
      if (failing) return done(fail(*failing, failing_detail));
      if (refusing) return done(refused());
      if (refusing_purges) return done(fail(ErrorKind::redis_error, "NOPERM this user has no permissions"));
      fleet_.epoch = std::max(fleet_.epoch, above) + 1;
      fleet_.publish(cache::epoch_message(fleet_.epoch));
      done(fleet_.epoch);
    });
  }

  [[nodiscard]] bool holds_later_version(std::string_view key) const override {
    return later_versions.contains(std::string(key));
  }

  // Performs the commands that were held back, in order.
  void release() {
    auto ready = std::exchange(held, {});
    for (auto& call : ready) call();
  }

  bool refusing = false;         // Redis is full: it answers reads and deletes, and refuses every other write
  bool refusing_purges = false;  // Redis refuses to raise the epoch
  bool purges_in_one = false;    // a held announcement of a purge reaches Redis with the command held before it
  bool hold = false;
  bool hold_replies = false;
  std::set<std::string> later_versions;  // keys that hold a value of a later version, besides ours
  std::optional<ErrorKind> failing;
  std::string failing_detail;  // the detail of that error, as Redis words it
  std::deque<std::move_only_function<void()>> held;
  std::deque<std::move_only_function<void()>> replies;
  int reads = 0;
  int writes = 0;

 private:
  static std::unexpected<Error> refused() {
    return fail(ErrorKind::redis_error, "OOM command not allowed when used memory > 'maxmemory'.");
  }
  milliseconds left_of(const cache::Entry& entry) const {
    return entry.spans.total() - std::max(fleet_.clock.wall() - entry.stored_at, milliseconds(0));
  }
  void put(const std::string& key, const cache::Entry& entry, milliseconds left) {
    auto& value = fleet_.values[key] = entry;
    value.until = fleet_.clock.steady() + left;
  }
  void end_failure(const std::string& key) {
    const auto* lease = fleet_.lease(key);
    if (lease != nullptr && lease->failure) fleet_.leases.erase(key);
  }
  void end_lease(const std::string& key) {
    fleet_.leases.erase(key);
    fleet_.publish(cache::fail_message(key));
  }
  void act(std::move_only_function<void()> call) {
    if (hold) {
      held.push_back(std::move(call));
    } else {
      call();
    }
  }
  // If replies are held back, too, `done` is called when the test releases the reply.
  template <class Seen>
  std::move_only_function<void(Seen)> back(std::move_only_function<void(Seen)> done) {
    if (!hold_replies) return done;
    return [this, done = std::move(done)](Seen seen) mutable {
      replies.push_back([done = std::move(done), seen = std::move(seen)]() mutable { done(std::move(seen)); });
    };
  }
  std::optional<cache::Entry> value(const std::string& key) {
    const auto found = fleet_.values.find(key);
    if (found == fleet_.values.end()) return std::nullopt;
    if (fleet_.clock.steady() >= found->second.until) return std::nullopt;  // PX
    if (fleet_.clock.wall() - found->second.stored_at >= found->second.spans.total()) return std::nullopt;
    return found->second;
  }
  cache::LeaseView view(const std::string& key) {
    cache::LeaseView seen;
    seen.entry = value(key);
    if (auto* lease = fleet_.lease(key)) {
      const auto longest = lease->failure ? cache::kLongestFailure : cache::kLongestLease;
      lease->until = std::min(lease->until, fleet_.clock.steady() + longest);
      const auto left = std::chrono::ceil<milliseconds>(lease->until - fleet_.clock.steady());
      if (lease->failure) {
        seen.failure = lease->failure;
        seen.failure->left = left;
      } else {
        seen.lease_left = left;
      }
    }
    return seen;
  }

  FakeFleet& fleet_;
};

}  // namespace wx::test
