#include "cache/memory_tier.hpp"

#include <algorithm>
#include <map>
#include <thread>

#include <gtest/gtest.h>

#include "base/hash.hpp"
#include "base/random.hpp"
#include "base/text.hpp"

namespace wx::cache {
namespace {

using observability::Counter;
using std::chrono::hours;
using std::chrono::seconds;

constexpr SteadyTime kNow{std::chrono::hours(1)};

Copy copy_of(std::string body, Spans spans = {.fresh_for = hours(1)}) {
  Entry entry;
  entry.body = std::move(body);
  entry.spans = spans;
  return {std::make_shared<const Entry>(std::move(entry)), kNow};
}

class MemoryTierTest : public testing::Test {
 protected:
  MemoryTier& tier(MemoryOptions options = {}) { return *(tier_ = std::make_unique<MemoryTier>(options, metrics_)); }
  void insert(std::string_view key, std::string body) {
    tier_->insert(key, hash64(key), copy_of(std::move(body)), kNow);
  }
  std::string find(std::string_view key) {
    const auto hit = tier_->find(key, hash64(key), kNow);
    return std::string(hit ? hit->copy.entry->body.view() : "nothing");
  }

  observability::Metrics metrics_;
  std::unique_ptr<MemoryTier> tier_;
};

TEST_F(MemoryTierTest, KeepsWhateverShardAKeyFallsInto) {
  tier();
  for (int i = 0; i < 1000; ++i) insert(cat("weather:", i), cat(i));
  EXPECT_EQ(tier_->size(), 1000U);
  EXPECT_GT(tier_->bytes(), 100'000U);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(find(cat("weather:", i)), cat(i));
  EXPECT_EQ(find("weather:1000"), "nothing");
}

TEST_F(MemoryTierTest, HasFewerShardsForASmallLimitAndKeepsAnswersWithAnyLimit) {
  constexpr auto kKiB = std::size_t{1} << 10;
  // A real answer: the body of the provider's usual reply is half a kilobyte.
  const std::string body(700, 'x');
  for (const auto& [limit, shards] :
       {std::pair(MemoryTier::kLeastLimit, 1), std::pair(64 * kKiB, 1), std::pair(127 * kKiB, 1),
        std::pair(128 * kKiB, 2), std::pair(256 * kKiB, 4), std::pair(kKiB * kKiB, 16), std::pair(4 * kKiB * kKiB, 64),
        std::pair(64 * kKiB * kKiB, 64)}) {
    EXPECT_EQ(tier({.limit = limit}).shards(), shards) << limit;
    for (int i = 0; i < 200; ++i) {
      const auto key = cat("weather:mock:", i, ".12345:13.41");
      insert(key, body);
      EXPECT_EQ(find(key), body) << limit;
      EXPECT_LE(tier_->bytes(), limit);
    }
  }
  tier({.limit = 0});
  insert("A", "1");
  EXPECT_EQ(find("A"), "nothing");
  EXPECT_FALSE(tier_->erase("A", hash64("A")));
}

TEST_F(MemoryTierTest, GetsTheRoomOfWhatWasPurgedBack) {
  tier({.limit = std::size_t{64} << 20});
  for (int i = 0; i < 20'000; ++i) insert(cat("weather:", i), cat(i));
  tier_->drop_purged({.epoch = 0, .purged_until = kNow - seconds(1)});
  EXPECT_EQ(tier_->size(), 20'000U) << "nothing of it was purged";
  tier_->drop_purged({.epoch = 1});
  EXPECT_EQ(tier_->size(), 0U);
  EXPECT_EQ(tier_->bytes(), 0U);
}

TEST_F(MemoryTierTest, ErasesOneAndThenAll) {
  tier();
  for (int i = 0; i < 100; ++i) insert(cat(i), cat(i));
  EXPECT_TRUE(tier_->erase("7", hash64("7")));
  EXPECT_FALSE(tier_->erase("7", hash64("7")));
  EXPECT_EQ(find("7"), "nothing");
  EXPECT_EQ(find("8"), "8");
  for (int i = 0; i < 100; ++i) tier_->erase(cat(i), hash64(cat(i)));
  EXPECT_EQ(tier_->size(), 0U);
  EXPECT_EQ(tier_->bytes(), 0U);
  EXPECT_EQ(find("8"), "nothing");
}

TEST_F(MemoryTierTest, IsOffWithALimitOfNothing) {
  tier({.limit = 0});
  EXPECT_FALSE(tier_->enabled());
  insert("A", "{}");
  EXPECT_EQ(find("A"), "nothing");
  EXPECT_EQ(tier_->size(), 0U);
  EXPECT_EQ(metrics_.value(Counter::cache_memory_too_large), 0U);
  tier_->allow_refresh_from("A", hash64("A"), kNow);
  EXPECT_FALSE(tier_->erase("A", hash64("A")));
}

TEST_F(MemoryTierTest, CountsWhatItEvictsAndWhatIsTooLarge) {
  tier({.limit = 1 << 20});
  insert("large", std::string(65 << 10, 'x'));  // more than a sixteenth of the limit
  EXPECT_EQ(metrics_.value(Counter::cache_memory_too_large), 1U);
  for (int i = 0; i < 10'000; ++i) insert(cat(i), std::string(200, 'x'));
  EXPECT_LE(tier_->bytes(), std::size_t{1} << 20);
  EXPECT_GT(tier_->bytes(), std::size_t{1} << 19);
  EXPECT_EQ(metrics_.value(Counter::cache_memory_evicted), 10'000 - tier_->size());
  EXPECT_EQ(metrics_.value(Counter::cache_memory_too_large), 1U);
}

TEST_F(MemoryTierTest, StartsRefreshesAsItsOptionsSay) {
  tier({.early_part = 0.5, .refresh_pause = seconds(1)});
  tier_->insert("A", hash64("A"), copy_of("{}", {.fresh_for = seconds(100)}), kNow);
  const auto starts = [&](seconds age) { return tier_->find("A", hash64("A"), kNow + age)->start_refresh; };
  EXPECT_FALSE(starts(seconds(44)));
  EXPECT_TRUE(starts(seconds(56)));
  EXPECT_FALSE(starts(seconds(56)));
  EXPECT_TRUE(starts(seconds(57)));
  tier_->allow_refresh_from("A", hash64("A"), kNow + seconds(57));
  EXPECT_TRUE(starts(seconds(57)));
}

TEST_F(MemoryTierTest, KeepsAnEntryThatIsLargerThanAShardsPart) {
  constexpr std::size_t kMiB = std::size_t{1} << 20;
  for (const auto& [limit, largest] :
       {std::pair(64 * kMiB, 4 * kMiB), std::pair(1024 * kMiB, 4 * kMiB), std::pair(16 * kMiB, kMiB),
        std::pair(kMiB, kMiB / 16), std::pair(kMiB / 16, kMiB / 128), std::pair(kMiB / 64, kMiB / 512)}) {
    EXPECT_EQ(MemoryTier::default_largest(limit), largest) << limit;
  }
  tier({.limit = 64 * kMiB});
  insert("small", "1");
  for (int i = 0; i < 15; ++i) insert(cat(i), std::string(4 * kMiB - 1000, 'x'));
  EXPECT_EQ(tier_->size(), 16U) << "nothing had to go";
  EXPECT_EQ(find("small"), "1");
  for (int i = 15; i < 40; ++i) {
    insert(cat(i), std::string(4 * kMiB - 1000, 'x'));
    EXPECT_EQ(find(cat(i)).size(), 4 * kMiB - 1000) << i;
    EXPECT_LE(tier_->bytes(), 64 * kMiB);
  }
  EXPECT_GE(tier_->size(), 15U);
  insert("large", std::string(4 * kMiB, 'x'));
  EXPECT_EQ(find("large"), "nothing");
  tier({.limit = 16 * kMiB, .largest = 15 * kMiB});
  insert("A", std::string(10 * kMiB, 'x'));
  insert("B", std::string(10 * kMiB, 'x'));
  EXPECT_EQ(find("A"), "nothing");
  EXPECT_EQ(find("B").size(), 10 * kMiB);
  tier({.limit = kMiB, .largest = 15 * kMiB});
  insert("A", std::string(kMiB, 'x'));
  EXPECT_EQ(find("A"), "nothing") << "larger than the limit";
}

// The large entry empties its own shard. It does not have to make room for everything that comes after it.
TEST_F(MemoryTierTest, TakesRoomFromAllShardsInTurn) {
  constexpr std::size_t kLimit = std::size_t{4} << 20;
  tier({.limit = kLimit, .largest = kLimit / 2});
  const auto fill = [&](int from, int to) {
    for (int i = from; i < to; ++i) insert(cat("weather:", i), std::string(1000, 'x'));
  };
  fill(0, 10'000);
  const auto many = tier_->size();
  insert("large", std::string(kLimit / 2 - 1000, 'x'));
  EXPECT_NEAR(static_cast<double>(tier_->size()), static_cast<double>(many) / 2, 40);
  int kept = 0;
  for (int i = 10'000; i < 11'000; ++i) {
    EXPECT_FALSE(find("large").empty());
    const auto key = cat("weather:", i);
    insert(key, std::string(1000, 'x'));
    kept += find(key) == "nothing" ? 0 : 1;
    ASSERT_EQ(find("large").size(), kLimit / 2 - 1000) << "it is asked for all the time";
  }
  EXPECT_EQ(kept, 1000);
  // A key whose shard has the large entry is kept as long as any other.
  int found = 0;
  for (int i = 10'000; i < 11'000; ++i) found += find(cat("weather:", i)) == "nothing" ? 0 : 1;
  EXPECT_GT(found, 900);
}

TEST_F(MemoryTierTest, GivesTheRoomOfPurgedCopiesBeforeAnyOtherOfWhateverShard) {
  constexpr std::size_t kLimit = std::size_t{32} << 20;
  tier({.limit = kLimit});
  int inserted = 0;
  while (metrics_.value(Counter::cache_memory_evicted) == 0) insert(cat("old", inserted++), "{}");
  const auto many = tier_->size();
  const auto evicted = metrics_.value(Counter::cache_memory_evicted);
  tier_->drop_purged({.epoch = 1});
  ASSERT_GT(tier_->size(), many / 4) << "some are left";
  Entry entry;
  entry.body = "{}";
  entry.spans = {.fresh_for = hours(1)};
  entry.epoch = 1;
  const Copy copy{std::make_shared<const Entry>(entry), kNow};
  for (std::size_t i = 0; i < many - 200; ++i) {
    const auto key = cat("new", i);
    tier_->insert(key, hash64(key), copy, kNow);
  }
  EXPECT_EQ(metrics_.value(Counter::cache_memory_evicted), evicted);
}

// Random entries, forms, hits and purges: the total is exact and within the limit, and no entry is evicted while a form
// is left.
TEST_F(MemoryTierTest, CountsEveryByteAndDropsFormsFirst) {
  constexpr std::size_t kLimit = std::size_t{1} << 20;
  tier({.limit = kLimit});
  Random random(11);
  std::map<std::string, EntryPtr> last;
  std::uint64_t epoch = 0;
  int forms = 0;
  const auto any_form = [&] {
    return std::ranges::any_of(last, [&](const auto& item) {
      return tier_->identity_of(item.first, hash64(item.first), *item.second).has_value();
    });
  };
  for (int step = 0; step < 20'000; ++step) {
    const auto key = cat("key-", static_cast<int>(random.fraction() * 400));
    const auto hash = hash64(key);
    const auto what = random.fraction();
    const auto evicted = metrics_.value(Counter::cache_memory_evicted);
    if (what < 0.4) {
      Entry entry;
      entry.body = std::string(static_cast<std::size_t>(random.fraction() * random.fraction() * 20'000), 'x');
      entry.spans = {.fresh_for = hours(1)};
      entry.epoch = epoch;
      last[key] = std::make_shared<const Entry>(std::move(entry));
      EXPECT_TRUE(tier_->insert(key, hash, {last[key], kNow}, kNow));
      EXPECT_TRUE(tier_->find(key, hash, kNow, {.epoch = epoch}));
      if (metrics_.value(Counter::cache_memory_evicted) > evicted) {
        ASSERT_FALSE(any_form()) << step;
      }
    } else if (what < 0.9) {
      const auto hit = tier_->find(key, hash, kNow, {.epoch = epoch});
      if (hit && !tier_->identity_of(key, hash, *hit->copy.entry)) {
        tier_->keep_identity(key, hash, *hit->copy.entry,
                             Body(std::string(static_cast<std::size_t>(random.fraction() * 30'000), 'i')));
        forms += tier_->identity_of(key, hash, *hit->copy.entry) ? 1 : 0;
        EXPECT_EQ(metrics_.value(Counter::cache_memory_evicted), evicted);
      }
    } else if (what < 0.999) {
      tier_->erase(key, hash);
    } else {
      tier_->drop_purged({.epoch = ++epoch});
    }
    ASSERT_LE(tier_->bytes(), kLimit);
  }
  EXPECT_GT(forms, 100);
  EXPECT_GT(metrics_.value(Counter::cache_memory_evicted), 100U);
  for (const auto& item : last) tier_->erase(item.first, hash64(item.first));
  EXPECT_EQ(tier_->bytes(), 0U);
  EXPECT_EQ(tier_->size(), 0U);
}

// A find returns only an entry of its key, the limit holds at every moment, and of several late hits one starts a
// refresh.
TEST_F(MemoryTierTest, ServesSeveralThreads) {
  constexpr std::size_t kLimit = std::size_t{256} << 10;
  constexpr int kThreads = 4;
  tier({.limit = kLimit});
  std::atomic<int> wrong{0};
  std::atomic<int> over{0};
  std::atomic<bool> writing{true};
  std::vector<std::thread> threads;
  threads.reserve(kThreads + 1);
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      Random random(static_cast<std::uint64_t>(t) + 1);
      for (int step = 0; step < 5000; ++step) {
        const auto key = cat("weather:", static_cast<int>(random.fraction() * 2000));
        const auto hash = hash64(key);
        if (const auto hit = tier_->find(key, hash, kNow); hit && !hit->copy.entry->body.view().starts_with(key + "|"))
          ++wrong;
        const auto what = random.fraction();
        if (what < 0.5) {
          auto body = key + "|" + std::string(static_cast<std::size_t>(random.fraction() * 300), 'x');
          tier_->insert(key, hash, copy_of(std::move(body)), kNow);
        } else if (what < 0.6) {
          tier_->erase(key, hash);
        } else if (what < 0.7) {
          const auto hit = tier_->find(key, hash, kNow);
          if (!hit) continue;
          const auto form = tier_->identity_of(key, hash, *hit->copy.entry);
          if (form && !form->view().starts_with(key + "|")) ++wrong;
          if (!form) tier_->keep_identity(key, hash, *hit->copy.entry, Body(key + "|" + std::string(500, 'i')));
        } else {
          tier_->allow_refresh_from(key, hash, kNow);
        }
      }
    });
  }
  threads.emplace_back([&] {
    while (writing) {
      if (tier_->bytes() > kLimit) ++over;
      static_cast<void>(tier_->size());
    }
  });
  for (int t = 0; t < kThreads; ++t) threads[static_cast<std::size_t>(t)].join();
  writing = false;
  threads.back().join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(over, 0);
  EXPECT_GT(metrics_.value(Counter::cache_memory_evicted), 0U);
}

TEST_F(MemoryTierTest, LetsOneOfManyThreadsStartARefresh) {
  tier();
  tier_->insert("A", hash64("A"), copy_of("{}", {.fresh_for = seconds(10)}), kNow);
  std::atomic<int> started{0};
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) {
        if (tier_->find("A", hash64("A"), kNow + seconds(9))->start_refresh) ++started;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(started, 1);
}

}  // namespace
}  // namespace wx::cache
