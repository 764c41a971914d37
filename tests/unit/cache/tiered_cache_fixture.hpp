// The cache with a scripted Redis and a scripted loader, on a clock that the test moves: alone, beside a second
// process, and with a provider that queues loads.
#pragma once

#include <deque>

#include <gtest/gtest.h>

#include "base/hash.hpp"
#include "cache/tiered_cache.hpp"
#include "support/fake_remote.hpp"
#include "support/manual_executor.hpp"
#include "support/memory_log.hpp"

namespace wx::cache {

using std::chrono::seconds;
using test::FakeFleet;
using test::FakeRemote;

class TieredCacheTest : public testing::Test {
 protected:
  static constexpr std::string_view kKey = "weather:1:2";

  TieredCache& cache(RemoteTier* remote = nullptr, CacheOptions options = {}) {
    thread_.emplace(executor_, remote, clock_);
    other_thread_.emplace(other_executor_, remote, clock_);
    cache_ = std::make_unique<TieredCache>(options, clock_, metrics_, log_);
    return *cache_;
  }

  Lookup lookup(Mode mode = Mode::normal) {
    return {.key = kKey, .hash = hash64(kKey), .mode = mode, .deadline = clock_.steady() + seconds(10)};
  }

  // One of many places.
  static std::string key_of(int i) { return "weather:" + std::to_string(i) + ":0"; }
  Lookup lookup_of(std::string_view key) {
    return {.key = key, .hash = hash64(key), .deadline = clock_.steady() + seconds(10)};
  }

  // A loader that waits for the test to give the answer.
  Loader loader() {
    return [this](LoadRequest request, LoadCallback done) {
      purposes_.push_back(request.purpose);
      request.turn([this, done = std::move(done)](bool go) mutable {
        if (!go) {
          ++stood_down_;
          return;
        }
        ++loads_;
        waiting_.push_back(std::move(done));
      });
    };
  }

  Loaded value(std::string body) const {
    Loaded loaded;
    loaded.body = std::move(body);
    loaded.content_type = "application/json";
    loaded.etag = "e";
    loaded.spans = spans_;
    return loaded;
  }

  // Gives this answer to the oldest load under way.
  void complete(Result<Loaded> result) {
    ASSERT_FALSE(waiting_.empty());
    auto done = std::move(waiting_.front());
    waiting_.pop_front();
    done(std::move(result));
  }

  using Answers = std::vector<Result<Served>>;
  GetCallback into(Answers& answers) {
    return [&answers](Result<Served> served) { answers.push_back(std::move(served)); };
  }

  TieredCache::Peeked peek() { return cache_->peek(kKey, hash64(kKey), clock_.steady()); }

  test::FakeClock clock_;
  test::ManualExecutor executor_{clock_};
  test::ManualExecutor other_executor_{clock_};
  observability::Metrics metrics_;
  test::MemoryLog log_;
  FakeFleet fleet_{clock_};
  FakeRemote remote_{fleet_};
  Spans spans_{seconds(10), seconds(60), seconds(600)};
  std::optional<CacheThread> thread_;
  std::optional<CacheThread> other_thread_;
  std::unique_ptr<TieredCache> cache_;
  std::deque<LoadCallback> waiting_;
  int loads_ = 0;
  int stood_down_ = 0;
  std::vector<Purpose> purposes_;
};

// Two processes that share one Redis, each with its own memory and flights.
class FleetTest : public TieredCacheTest {
 protected:
  void SetUp() override {
    cache(&remote_);
    second_thread_.emplace(executor_, &second_remote_, clock_);
    second_ = std::make_unique<TieredCache>(CacheOptions{}, clock_, metrics_, log_);
    fleet_.listeners = {&cache_->listener(), &second_->listener()};
  }
  void ask_both(Answers& answers) {
    cache_->get(*thread_, lookup(), loader(), into(answers));
    second_->get(*second_thread_, lookup(), loader(), into(answers));
    executor_.run_posted();
  }
  // The first process reads the epoch's key.
  void learn_epoch() { cache_->listener().on_epoch_key({.holds = EpochKey::Holds::number, .epoch = fleet_.epoch}); }
  // A message that the first process receives: another process has stored the key.
  void announce(std::string_view etag, WallTime stored_at, std::string_view key = kKey) {
    cache_->listener().on_fill(
        {.key = key, .etag = etag, .stored_at = stored_at, .fresh_for = spans_.fresh_for, .epoch = 0});
  }

  FakeRemote second_remote_{fleet_};
  std::optional<CacheThread> second_thread_;
  std::unique_ptr<TieredCache> second_;
};

// Loads that wait in the provider's queue until the test starts or refuses them.
class QueueTest : public TieredCacheTest {
 protected:
  struct Queued {
    LoadRequest request;
    LoadCallback done;
  };
  Loader queue() {
    return [this](LoadRequest request, LoadCallback done) { queued_.push_back({std::move(request), std::move(done)}); };
  }
  Lookup patient_for(milliseconds patience) {
    auto patient = lookup();
    patient.deadline = clock_.steady() + patience;
    return patient;
  }
  // Refuses a load that could not start in time, as the provider does.
  void expire() {
    ASSERT_FALSE(queued_.empty());
    auto late = std::move(queued_.front());
    queued_.pop_front();
    ASSERT_GE(clock_.steady(), late.request.deadline);
    late.done(fail(ErrorKind::deadline_exceeded));
  }
  void start_queued() {
    ASSERT_FALSE(queued_.empty());
    auto first = std::move(queued_.front());
    queued_.pop_front();
    first.request.turn([this, done = std::move(first.done)](bool go) mutable {
      ASSERT_TRUE(go);
      waiting_.push_back(std::move(done));
    });
  }

  // The turn of the first queued load comes: it begins if it is wanted.
  void take_turn() {
    ASSERT_FALSE(queued_.empty());
    auto first = std::move(queued_.front());
    queued_.pop_front();
    first.request.turn([this, done = std::move(first.done)](bool go) mutable {
      ++(go ? loads_ : stood_down_);
      if (go) waiting_.push_back(std::move(done));
    });
  }

  std::deque<Queued> queued_;
};

}  // namespace wx::cache
