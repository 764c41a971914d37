#include "cache/sieve_shard.hpp"

#include <list>
#include <set>

#include <gtest/gtest.h>

#include "base/hash.hpp"
#include "base/random.hpp"
#include "base/text.hpp"
#include "support/fake_clock.hpp"

namespace wx::cache {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr SteadyTime kStart{std::chrono::hours(1)};
constexpr nanoseconds kPause = seconds(30);
constexpr Spans kLong{.fresh_for = hours(1), .stale_for = hours(1), .keep_for = hours(1)};

Copy copy_of(std::string body, Spans spans = kLong, SteadyTime born = kStart) {
  Entry entry;
  entry.body = std::move(body);
  entry.spans = spans;
  return {std::make_shared<const Entry>(std::move(entry)), born};
}

// A shard that hashes the keys and passes the time.
class Shard {
 public:
  explicit Shard(std::size_t limit) : Shard(limit, limit / 8) {}
  Shard(std::size_t limit, std::size_t largest) : room(limit, largest), shard(room) {}

  bool insert(std::string_view key, const Copy& copy) {
    return shard.insert(key, hash64(key), copy, now, evicted) == Insertion::kept;
  }
  bool insert(std::string_view key, std::string body = "{}") { return insert(key, copy_of(std::move(body))); }
  std::optional<ShardHit> find(std::string_view key) { return shard.find({key, hash64(key)}, now, 0.8, kPause); }
  bool has(std::string_view key) { return find(key).has_value(); }
  bool erase(std::string_view key) { return shard.erase(key, hash64(key)); }
  void rearm(std::string_view key, SteadyTime at) { shard.allow_refresh_from(key, hash64(key), at); }

  MemoryRoom room;
  SieveShard shard;
  SteadyTime now = kStart;
  std::size_t evicted = 0;
};

// The bytes that an entry with a short key and this body counts for.
std::size_t cost(std::string body = "{}", std::string_view key = "A") {
  Shard shard(1 << 30);
  shard.insert(key, std::move(body));
  return shard.shard.bytes();
}

// A shard with room for eight small entries, filled with A (the oldest) to H.
class FullShard : public Shard {
 public:
  FullShard() : Shard(8 * cost()) {
    for (const auto* key : {"A", "B", "C", "D", "E", "F", "G", "H"}) EXPECT_TRUE(insert(key));
    EXPECT_EQ(shard.size(), 8U);
    EXPECT_EQ(evicted, 0U);
  }
};

// An entry of this epoch.
Copy copy_of_epoch(std::uint64_t epoch) {
  Entry entry;
  entry.body = "{}";
  entry.spans = kLong;
  entry.epoch = epoch;
  return {std::make_shared<const Entry>(std::move(entry)), kStart};
}

// The keys from A to Z that are in the shard. Looking marks them as visited.
std::string keys(Shard& shard) {
  std::string out;
  for (char key = 'A'; key <= 'Z'; ++key) {
    if (shard.has(std::string_view(&key, 1))) out += key;
  }
  return out;
}

TEST(SieveShard, ErasesWhatWasStoredUntilAMoment) {
  Shard shard(1 << 20);
  const WallTime stored{seconds(1000)};
  const auto insert = [&](WallTime stored_at) {
    auto entry = std::make_shared<Entry>();
    entry->body = "{}";
    entry->stored_at = stored_at;
    shard.insert("A", {.entry = std::move(entry), .born = kStart});
  };
  const auto erased = [&](WallTime wall, SteadyTime steady) {
    return shard.shard.erase_until("A", hash64("A"), {.wall = wall, .steady = steady});
  };
  EXPECT_FALSE(erased(stored, kStart)) << "there is nothing";
  insert(stored);
  EXPECT_FALSE(erased(stored - milliseconds(1), kStart - milliseconds(1)));
  EXPECT_TRUE(erased(stored, kStart));
  EXPECT_FALSE(shard.has("A"));
  for (const auto wrong : {std::chrono::minutes(10), std::chrono::minutes(-10)}) {
    insert(stored + wrong);  // dated by another clock, so that its age counts
    EXPECT_FALSE(erased(stored, kStart - milliseconds(1)));
    EXPECT_TRUE(erased(stored, kStart));
  }
}

TEST(SieveShard, GivesBackWhatItKeeps) {
  Shard shard(1 << 20);
  EXPECT_FALSE(shard.find("A"));
  EXPECT_TRUE(shard.insert("A", "{1}"));
  EXPECT_TRUE(shard.insert("B", "{2}"));
  const auto hit = shard.find("A");
  ASSERT_TRUE(hit);
  EXPECT_EQ(hit->copy.entry->body, "{1}");
  EXPECT_EQ(hit->copy.born, kStart);
  EXPECT_FALSE(hit->start_refresh);
  EXPECT_EQ(shard.find("B")->copy.entry->body, "{2}");
}

TEST(SieveShard, HasNoCopyForAnotherQuestionOfTheSameKey) {
  Shard shard(1 << 20);
  Entry entry;
  entry.body = "{}";
  entry.spans = kLong;
  entry.question = "hourly=a";
  shard.insert("A", {std::make_shared<const Entry>(entry), kStart});
  const auto has = [&](std::string_view question) {
    const AskedKey asked{.key = "A", .hash = hash64("A"), .question = question};
    const bool found = shard.shard.find(asked, kStart, 0.8, kPause).has_value();
    EXPECT_EQ(shard.shard.look(asked, kStart, {}).has_value(), found);
    return found;
  };
  for (const auto* other : {"", "hourly=b", "hourly=", "hourly=ab"}) EXPECT_FALSE(has(other)) << other;
  EXPECT_TRUE(has("hourly=a")) << "it has not gone";
  entry.question = "hourly=b";
  shard.insert("A", {std::make_shared<const Entry>(entry), kStart});
  EXPECT_TRUE(has("hourly=b"));
  EXPECT_FALSE(has("hourly=a"));
  EXPECT_EQ(shard.shard.size(), 1U);
}

TEST(SieveShard, TellsKeysOfOneHashApart) {
  Shard shard(1 << 20);
  std::size_t evicted = 0;
  EXPECT_EQ(shard.shard.insert("A", 1, copy_of("{a}"), kStart, evicted), Insertion::kept);
  EXPECT_EQ(shard.shard.insert("B", 1, copy_of("{b}"), kStart, evicted), Insertion::kept);
  EXPECT_EQ(shard.shard.find({"A", 1}, kStart, 0.8, kPause)->copy.entry->body, "{a}");
  EXPECT_EQ(shard.shard.find({"B", 1}, kStart, 0.8, kPause)->copy.entry->body, "{b}");
  EXPECT_TRUE(shard.shard.erase("A", 1));
  EXPECT_FALSE(shard.shard.find({"A", 1}, kStart, 0.8, kPause));
  EXPECT_TRUE(shard.shard.find({"B", 1}, kStart, 0.8, kPause));
}

TEST(SieveShard, EvictsTheOldestThatNobodyAskedFor) {
  FullShard shard;
  EXPECT_TRUE(shard.has("A"));
  EXPECT_TRUE(shard.has("B"));
  EXPECT_TRUE(shard.insert("I"));
  EXPECT_EQ(shard.evicted, 1U);
  EXPECT_EQ(keys(shard), "ABDEFGHI");
}

// The hand stays where it evicted an entry, and moves on from there towards the newest.
TEST(SieveShard, MovesItsHandAsInThePaper) {
  FullShard shard;
  for (const auto* key : {"A", "B", "G"}) EXPECT_TRUE(shard.has(key));
  shard.insert("I");  // clears A and B, C goes
  shard.insert("J");  // D goes
  EXPECT_TRUE(shard.has("E"));
  shard.insert("K");  // clears E, F goes
  shard.insert("L");  // clears G, H goes
  shard.insert("M");  // I goes, although A, B, E and G are older, because those were requested once
  EXPECT_EQ(shard.evicted, 5U);
  EXPECT_EQ(keys(shard), "ABEGJKLM");
}

TEST(SieveShard, StartsOverAtTheOldestBehindTheNewest) {
  FullShard shard;
  EXPECT_EQ(keys(shard), "ABCDEFGH");  // all visited
  shard.insert("I");                   // the hand clears all eight, comes round, and takes A
  shard.insert("J");
  EXPECT_EQ(keys(shard), "CDEFGHIJ");
}

// The algorithm again, written as plainly as in the paper, over a queue of keys.
class Model {
 public:
  explicit Model(std::size_t capacity) : capacity_(capacity) {}

  bool find(const std::string& key) {
    const auto node = at(key);
    if (node == queue_.end()) return false;
    node->visited = true;
    return true;
  }
  void insert(const std::string& key) {
    if (at(key) != queue_.end()) return;
    if (queue_.size() == capacity_) evict();
    queue_.push_back({key, false});
  }
  void erase(const std::string& key) {
    const auto node = at(key);
    if (node == queue_.end()) return;
    if (hand_ == node) ++hand_;
    queue_.erase(node);
  }
  [[nodiscard]] std::set<std::string> keys() const {
    std::set<std::string> all;
    for (const auto& node : queue_) all.insert(node.key);
    return all;
  }

 private:
  struct Node {
    std::string key;
    bool visited;
  };
  using Place = std::list<Node>::iterator;

  Place at(const std::string& key) {
    return std::ranges::find_if(queue_, [&](const Node& node) { return node.key == key; });
  }
  void evict() {
    if (hand_ == queue_.end()) hand_ = queue_.begin();
    while (hand_->visited) {
      hand_->visited = false;
      if (++hand_ == queue_.end()) hand_ = queue_.begin();
    }
    hand_ = queue_.erase(hand_);
  }

  const std::size_t capacity_;
  std::list<Node> queue_;      // the oldest first
  Place hand_ = queue_.end();  // end(): the hand is before the oldest
};

TEST(SieveShard, KeepsWhatThePapersAlgorithmKeepsOnALongTrace) {
  constexpr std::size_t kCapacity = 20;
  Shard shard(kCapacity * cost());
  Model model(kCapacity);
  std::vector<std::string> names;
  for (int i = 0; i < 60; ++i) names.push_back(cat(i));
  Random random(42);
  for (int step = 0; step < 20'000; ++step) {
    // Low numbers are requested far more often than high ones.
    const auto& key = names[static_cast<std::size_t>(60 * random.fraction() * random.fraction())];
    if (random.fraction() < 0.05) {
      shard.erase(key);
      model.erase(key);
    } else {
      const bool found = shard.has(key);
      ASSERT_EQ(found, model.find(key)) << "step " << step << ", key " << key;
      if (!found) {
        shard.insert(key);
        model.insert(key);
      }
    }
    ASSERT_EQ(shard.shard.size(), model.keys().size());
  }
  for (const auto& key : names) EXPECT_EQ(shard.has(key), model.keys().contains(key)) << key;
}

TEST(SieveShard, TakesAnEntryThatIsGoneForUnvisited) {
  Shard shard(8 * cost());
  shard.insert("A", copy_of("{}", {.fresh_for = seconds(10)}));
  for (const auto* key : {"B", "C", "D", "E", "F", "G", "H"}) shard.insert(key);
  EXPECT_TRUE(shard.has("A"));
  shard.now += seconds(11);
  shard.insert("I");
  EXPECT_EQ(keys(shard), "BCDEFGHI");
}

TEST(SieveShard, RemovesAnEntryThatIsGoneWhenItMeetsOne) {
  Shard shard(1 << 20);
  shard.insert("A", copy_of("{}", {.fresh_for = seconds(10)}));
  shard.now += seconds(10) - nanoseconds(1);
  EXPECT_TRUE(shard.has("A"));
  shard.now += nanoseconds(1);
  EXPECT_FALSE(shard.has("A"));
  EXPECT_EQ(shard.shard.size(), 0U);
  EXPECT_EQ(shard.shard.bytes(), 0U);
}

TEST(SieveShard, CountsKeysBodiesAndItsOwnBookkeeping) {
  const auto small = cost();
  EXPECT_GT(small, sizeof(Entry));
  EXPECT_GE(cost(std::string(1000, 'x')), small + 1000);
  EXPECT_GE(cost("{}", std::string(200, 'k')), small + 200);
}

TEST(SieveShard, NeverHoldsMoreBytesThanItsLimit) {
  constexpr std::size_t kLimit = 64 * 1024;
  Shard shard(kLimit);
  Random random(7);
  for (int step = 0; step < 20'000; ++step) {
    const auto key = cat("key-", static_cast<int>(random.fraction() * 200));
    const auto what = random.fraction();
    if (what < 0.1) {
      shard.erase(key);
    } else if (what < 0.5) {
      static_cast<void>(shard.find(key));
    } else {
      const auto size = static_cast<std::size_t>(random.fraction() * random.fraction() * 10'000);
      const bool kept = shard.insert(key, std::string(size, 'x'));
      EXPECT_EQ(kept, shard.has(key));
    }
    ASSERT_LE(shard.shard.bytes(), kLimit);
  }
  EXPECT_GT(shard.evicted, 1000U);
  for (int i = 0; i < 200; ++i) shard.erase(cat("key-", i));
  EXPECT_EQ(shard.shard.size(), 0U);
  EXPECT_EQ(shard.shard.bytes(), 0U);
}

TEST(SieveShard, DoesNotKeepMoreThanTheLargestEntry) {
  constexpr std::size_t kLimit = 16 * 1024;
  Shard shard(kLimit);
  const auto overhead = cost(std::string(1000, 'x')) - 1000;
  shard.insert("B");
  EXPECT_TRUE(shard.insert("A", std::string(kLimit / 8 - overhead, 'x')));
  EXPECT_FALSE(shard.insert("C", std::string(kLimit / 8 - overhead + 1, 'x')));
  EXPECT_FALSE(shard.has("C"));
  EXPECT_TRUE(shard.has("A"));
  EXPECT_TRUE(shard.has("B"));
  EXPECT_EQ(shard.evicted, 0U);
}

TEST(SieveShard, ForgetsTheOlderCopyWhenTheNewerIsTooLarge) {
  Shard shard(16 * 1024);
  EXPECT_TRUE(shard.insert("A"));
  EXPECT_FALSE(shard.insert("A", std::string(16 * 1024, 'x')));
  EXPECT_FALSE(shard.has("A"));
  EXPECT_EQ(shard.shard.bytes(), 0U);
}

// A shard with a copy "A" without an entity tag, and the messages of another process about it.
struct HeardShard : Shard {
  HeardShard() : Shard(16 * 1024) { insert("A"); }
  bool hear(std::string_view etag, WallTime stored_at, std::optional<std::uint64_t> epoch = 0) {
    return shard.heard_fill(
        {.key = "A", .etag = etag, .stored_at = stored_at, .fresh_for = kLong.fresh_for, .epoch = epoch}, hash64("A"),
        clock.steady(), clock, {});
  }
  [[nodiscard]] bool doubtful() { return find("A")->doubts == Doubts::superseded; }

  test::FakeClock clock;
  const WallTime later = clock.wall() + seconds(1);
};

TEST(SieveShard, DoubtsACopyUntilItIsReplacedOnceAnotherProcessHasStoredALaterOne) {
  HeardShard shard;
  EXPECT_FALSE(shard.doubtful());
  EXPECT_TRUE(shard.hear("new", shard.later));
  const auto hit = shard.find("A");
  EXPECT_EQ(hit->doubts, Doubts::superseded);
  EXPECT_TRUE(hit->start_refresh);
  EXPECT_FALSE(shard.find("A")->start_refresh) << "one hit looks";
  shard.insert("A");
  EXPECT_TRUE(shard.doubtful()) << "replaced, but by a value that is older than the announced one";
  auto awaited = *copy_of("{}").entry;
  awaited.stored_at = shard.later;
  shard.insert("A", Copy{std::make_shared<const Entry>(awaited), kStart});
  EXPECT_FALSE(shard.doubtful()) << "replaced";
  EXPECT_FALSE(shard.hear("new", shard.later)) << "an older message";
  EXPECT_FALSE(shard.doubtful());
  shard.erase("A");
  EXPECT_FALSE(shard.hear("new", shard.later + seconds(1))) << "there is no copy";
}

TEST(SieveShard, RenewsACopyWhoseContentAnotherProcessHasStoredAgain) {
  HeardShard shard;
  EXPECT_TRUE(shard.hear("new", shard.later));
  EXPECT_TRUE(shard.hear("", shard.later + milliseconds(10)));
  EXPECT_FALSE(shard.doubtful()) << "a later value has the same content";
  EXPECT_EQ(shard.find("A")->copy.entry->stored_at, shard.later + milliseconds(10));
}

TEST(SieveShard, RenewsNoCopyOnTheWordOfAnotherWorldOrClock) {
  HeardShard shard;
  const auto stored_at = shard.find("A")->copy.entry->stored_at;
  EXPECT_FALSE(shard.hear("", shard.later, 1)) << "another epoch";
  EXPECT_FALSE(shard.doubtful());
  EXPECT_TRUE(shard.hear("", shard.clock.wall() + seconds(3))) << "from the future";
  EXPECT_TRUE(shard.doubtful());
  HeardShard other;
  EXPECT_TRUE(other.hear("", other.later, std::nullopt)) << "an epoch that is not known";
  EXPECT_TRUE(other.doubtful());
  for (auto* each : {&shard, &other}) EXPECT_EQ(each->find("A")->copy.entry->stored_at, stored_at);
}

TEST(SieveShard, LooksThreeTimesForAValueThatIsOutOfReach) {
  HeardShard shard;
  EXPECT_TRUE(shard.hear("new", shard.later));
  std::vector<seconds> looks;
  for (seconds after{0}; after < seconds(20); after += seconds(1)) {
    shard.now = shard.clock.steady() + after;
    if (!shard.find("A")->start_refresh) continue;
    looks.push_back(after);
    shard.shard.count_look("A", hash64("A"));
  }
  EXPECT_EQ(looks, (std::vector{seconds(0), seconds(1), seconds(5)}));
  EXPECT_FALSE(shard.doubtful()) << "then the copy is trusted";
}

TEST(SieveShard, AsksAgainForALookThatDidNotBegin) {
  HeardShard shard;
  EXPECT_TRUE(shard.hear("new", shard.later));
  shard.now = shard.clock.steady();
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(shard.find("A")->start_refresh);
    EXPECT_FALSE(shard.find("A")->start_refresh);
    shard.now += seconds(1);
  }
  EXPECT_TRUE(shard.doubtful());
}

TEST(SieveShard, KeepsNothingWithoutALimit) {
  Shard shard(0);
  EXPECT_FALSE(shard.insert("A"));
  EXPECT_FALSE(shard.has("A"));
}

TEST(SieveShard, ReplacesInPlaceAndCountsTheNewBytes) {
  Shard shard(1 << 20);
  shard.insert("A", std::string(1000, 'x'));
  shard.insert("A", std::string(3000, 'y'));
  EXPECT_EQ(shard.shard.size(), 1U);
  EXPECT_EQ(shard.shard.bytes(), cost(std::string(3000, 'y')));
  EXPECT_EQ(shard.find("A")->copy.entry->body, std::string(3000, 'y'));
  shard.insert("A");
  EXPECT_EQ(shard.shard.bytes(), cost());
}

TEST(SieveShard, ReplacingGivesAnEntryNoNewPlaceInTheQueue) {
  FullShard shard;
  shard.insert("A");
  shard.insert("I");
  EXPECT_EQ(keys(shard), "BCDEFGHI");
}

// The shard does not evict the entry that is being replaced, even if the hand reaches it next.
TEST(SieveShard, MakesRoomForALargerCopyByEvictingOthers) {
  const std::string larger(500, 'x');
  const std::size_t limit = 8 * cost(larger);
  for (const bool visited : {false, true}) {
    Shard shard(limit);
    shard.insert("A");
    int others = 0;
    while (shard.shard.bytes() + cost() <= limit) shard.insert(cat("f", others++));
    for (int i = 0; visited && i < others; ++i) EXPECT_TRUE(shard.has(cat("f", i)));
    ASSERT_EQ(shard.evicted, 0U);

    EXPECT_TRUE(shard.insert("A", larger));
    EXPECT_GE(shard.evicted, 1U);
    EXPECT_LE(shard.shard.bytes(), limit);
    const auto hit = shard.find("A");
    ASSERT_TRUE(hit);
    EXPECT_EQ(hit->copy.entry->body, larger);
  }
}

TEST(SieveShard, TellsOneLateHitToStartARefresh) {
  Shard shard(1 << 20);
  shard.insert("A", copy_of("{}", {.fresh_for = seconds(10), .stale_for = seconds(60)}));
  shard.now = kStart + milliseconds(7199);
  EXPECT_FALSE(shard.find("A")->start_refresh);
  shard.now = kStart + milliseconds(8801);
  EXPECT_TRUE(shard.find("A")->start_refresh);
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(shard.find("A")->start_refresh);
  shard.now = kStart + seconds(30);
  EXPECT_FALSE(shard.find("A")->start_refresh);
}

TEST(SieveShard, LetsAnotherHitStartOneWhenNothingWasHeardForAPause) {
  Shard shard(1 << 20);
  shard.insert("A", copy_of("{}", {.fresh_for = seconds(10), .stale_for = seconds(60)}));
  shard.now = kStart + seconds(9);
  EXPECT_TRUE(shard.find("A")->start_refresh);
  shard.now += kPause - nanoseconds(1);
  EXPECT_FALSE(shard.find("A")->start_refresh);
  shard.now += nanoseconds(1);
  EXPECT_TRUE(shard.find("A")->start_refresh);
  EXPECT_FALSE(shard.find("A")->start_refresh);
}

TEST(SieveShard, RearmsTheRefreshForALaterTime) {
  Shard shard(1 << 20);
  shard.insert("A", copy_of("{}", {.fresh_for = seconds(10), .stale_for = seconds(60)}));
  shard.now = kStart + seconds(9);
  EXPECT_TRUE(shard.find("A")->start_refresh);
  shard.rearm("A", shard.now + seconds(1));
  EXPECT_FALSE(shard.find("A")->start_refresh);
  shard.now += seconds(1);
  EXPECT_TRUE(shard.find("A")->start_refresh);
  shard.rearm("nobody", shard.now);
}

TEST(SieveShard, ANewCopyStartsItsSpanAfresh) {
  Shard shard(1 << 20);
  constexpr Spans kSpans{.fresh_for = seconds(10), .stale_for = seconds(60)};
  shard.insert("A", copy_of("{}", kSpans));
  shard.now = kStart + seconds(9);
  EXPECT_TRUE(shard.find("A")->start_refresh);
  shard.insert("A", copy_of("{}", kSpans, shard.now));
  EXPECT_FALSE(shard.find("A")->start_refresh);
  shard.now += seconds(9);
  EXPECT_TRUE(shard.find("A")->start_refresh);
}

TEST(SieveShard, AStaleHitStartsARefreshEvenWithoutAnEarlyOne) {
  Shard shard(1 << 20);
  auto entry = *copy_of("{}", {.fresh_for = seconds(10), .stale_for = seconds(60)}).entry;
  entry.early_refresh = false;
  shard.insert("A", Copy{std::make_shared<const Entry>(entry), kStart});
  shard.now = kStart + seconds(10) - nanoseconds(1);
  EXPECT_FALSE(shard.find("A")->start_refresh);
  shard.now += nanoseconds(1);
  EXPECT_TRUE(shard.find("A")->start_refresh);
  EXPECT_FALSE(shard.find("A")->start_refresh);
}

TEST(SieveShard, ErasesOne) {
  FullShard shard;
  EXPECT_TRUE(shard.erase("A"));
  EXPECT_FALSE(shard.erase("A"));
  EXPECT_TRUE(shard.erase("H"));
  EXPECT_TRUE(shard.erase("D"));
  EXPECT_EQ(keys(shard), "BCEFG");
  EXPECT_EQ(shard.shard.bytes(), 5 * cost());
}

TEST(SieveShard, ErasingTheEntryUnderTheHandMovesItOn) {
  FullShard shard;
  shard.insert("I");  // A goes, the hand is at B
  EXPECT_TRUE(shard.erase("B"));
  shard.insert("J");
  shard.insert("K");
  EXPECT_EQ(keys(shard), "DEFGHIJK");
}

TEST(SieveShard, IsAsNewOnceEverythingIsErased) {
  FullShard shard;
  shard.insert("I");
  for (const auto* key : {"B", "C", "D", "E", "F", "G", "H", "I"}) EXPECT_TRUE(shard.erase(key));
  EXPECT_EQ(shard.shard.size(), 0U);
  EXPECT_EQ(shard.shard.bytes(), 0U);
  for (const auto* key : {"A", "B", "C", "D", "E", "F", "G", "H", "I"}) EXPECT_TRUE(shard.insert(key));
  EXPECT_EQ(keys(shard), "BCDEFGHI");
}

TEST(SieveShard, AHitOutlivesTheEviction) {
  FullShard shard;
  const auto hit = shard.find("A");
  EXPECT_EQ(keys(shard), "ABCDEFGH");  // all visited
  shard.insert("I");                   // the hand clears all eight, comes round, and takes A
  EXPECT_FALSE(shard.has("A"));
  EXPECT_EQ(hit->copy.entry->body, "{}");
}

TEST(SieveShard, RemovesWhatWasPurgedBeforeAnythingElse) {
  FullShard shard;
  for (const auto* key : {"A", "B", "C", "D", "E", "F", "G", "H"}) EXPECT_TRUE(shard.has(key)) << "popular, and purged";
  shard.insert("C", copy_of_epoch(1));  // loaded after the purge, in the place of the old copy
  shard.shard.drop_purged({.epoch = 1}, 0);
  EXPECT_EQ(shard.shard.size(), 8U) << "nothing is removed yet";
  for (const auto* key : {"I", "J", "K", "L", "M", "N", "O"}) shard.insert(key, copy_of_epoch(1));
  EXPECT_EQ(shard.shard.size(), 8U);
  EXPECT_EQ(shard.evicted, 0U) << "the purged ones are no evictions";
  EXPECT_EQ(keys(shard), "") << "all are of epoch 1, and keys() asks as of epoch 0";
}

TEST(SieveShard, EvictsAsBeforeOnceWhatWasPurgedIsGone) {
  FullShard shard;
  shard.shard.drop_purged({.epoch = 1}, 1000);
  EXPECT_EQ(shard.shard.bytes(), 0U);
  for (const auto* key : {"I", "J", "K", "L", "M", "N", "O", "P"}) shard.insert(key, copy_of_epoch(1));
  while (shard.evicted == 0 && shard.shard.size() < 20) shard.insert(cat("Q", shard.shard.size()), copy_of_epoch(1));
  EXPECT_EQ(shard.evicted, 1U) << "from now on, SIEVE decides again";
}

TEST(SieveShard, RemovesAtMostAsManyPurgedCopiesAtOnceAsItIsTold) {
  Shard shard(1000 * cost());
  for (int i = 0; i < 100; ++i) shard.insert(cat("old", i));
  shard.shard.drop_purged({.epoch = 1}, 30);
  EXPECT_EQ(shard.shard.size(), 70U);
  for (int i = 0; i < 100; ++i) shard.insert(cat("new", i), copy_of_epoch(1));
  EXPECT_EQ(shard.shard.size(), 100U) << "the insertions have removed the rest";
  EXPECT_EQ(shard.evicted, 0U);
}

TEST(SieveShard, KeepsWhatAPurgeHasNotReached) {
  Shard shard(1000 * cost());
  for (int i = 0; i < 10; ++i) shard.insert(cat("old", i));
  shard.now += seconds(1);
  const auto purged_until = shard.now;
  shard.now += seconds(1);
  for (int i = 0; i < 10; ++i) shard.insert(cat("new", i));
  shard.insert("later", copy_of_epoch(7));
  shard.shard.drop_purged({.epoch = 0, .purged_until = purged_until}, 1000);
  EXPECT_EQ(shard.shard.size(), 11U);
}

// Makes an entry whose body stands for gzip.
EntryPtr coded(std::string body) {
  Entry entry;
  entry.body = std::move(body);
  entry.spans = kLong;
  entry.encoding = Encoding::gzip;
  return std::make_shared<const Entry>(std::move(entry));
}

// A shard with a coded entry under each key, and forms.
class FormShard : public Shard {
 public:
  explicit FormShard(std::size_t limit) : Shard(limit) {}

  EntryPtr add(std::string_view key, std::string body = "gz") {
    auto entry = coded(std::move(body));
    EXPECT_TRUE(insert(key, Copy{entry, kStart}));
    return entry;
  }
  void keep(std::string_view key, const EntryPtr& entry, std::string form) {
    shard.keep_identity(key, hash64(key), *entry, Body(std::move(form)));
  }
  std::string form(std::string_view key, const EntryPtr& entry) {
    const auto found = shard.identity_of(key, hash64(key), *entry);
    return found ? std::string(found->view()) : "none";
  }
};

TEST(SieveShard, KeepsTheIdentityFormBesideItsEntry) {
  FormShard shard(1 << 20);
  const auto entry = shard.add("A");
  const auto before = shard.shard.bytes();
  EXPECT_EQ(shard.form("A", entry), "none");
  shard.keep("A", entry, std::string(1000, 'i'));
  EXPECT_EQ(shard.form("A", entry), std::string(1000, 'i'));
  EXPECT_GE(shard.shard.bytes(), before + 1000);
  EXPECT_EQ(shard.room.bytes(), shard.shard.bytes());
  shard.keep("A", entry, "another");
  EXPECT_EQ(shard.form("A", entry), std::string(1000, 'i')) << "the first stays";
  EXPECT_EQ(shard.form("B", entry), "none");
  shard.keep("B", entry, "of a key without an entry");
  EXPECT_TRUE(shard.erase("A"));
  EXPECT_EQ(shard.room.bytes(), 0U);
  EXPECT_FALSE(shard.room.has_forms());
  EXPECT_EQ(shard.form("A", entry), "none");
}

TEST(SieveShard, DropsTheFormWithTheBodyThatItIsOf) {
  FormShard shard(1 << 20);
  const auto old = shard.add("A");
  shard.keep("A", old, "old");
  const auto entry = shard.add("A");  // the same bytes, in another body
  EXPECT_EQ(shard.form("A", entry), "none");
  EXPECT_EQ(shard.form("A", old), "none");
  EXPECT_FALSE(shard.room.has_forms());
  shard.keep("A", old, "of an entry that is not there any more");
  EXPECT_EQ(shard.form("A", entry), "none");
  EXPECT_EQ(shard.room.bytes(), shard.shard.bytes());
}

TEST(SieveShard, KeepsTheFormWhileItsEntryGetsANewDate) {
  FormShard shard(1 << 20);
  const auto entry = shard.add("A");
  shard.keep("A", entry, "form");
  const auto dated = std::make_shared<Entry>(*entry);
  dated->stored_at += seconds(1);
  shard.shard.confirm("A", hash64("A"), Copy{entry, kStart}, Copy{dated, kStart}, kStart);
  EXPECT_EQ(shard.form("A", dated), "form");
  EXPECT_EQ(shard.form("A", entry), "form") << "asked by a caller that has the entry from before";
}

TEST(SieveShard, DropsFormsBeforeItEvictsAnEntry) {
  // Room for eight entries and a little more.
  FormShard shard(8 * cost("gz") + 400);
  std::vector<EntryPtr> entries;
  for (const auto* key : {"A", "B", "C", "D", "E"}) entries.push_back(shard.add(key));
  shard.keep("A", entries[0], std::string(100, 'a'));
  shard.keep("B", entries[1], std::string(100, 'b'));
  EXPECT_EQ(shard.form("A", entries[0]).size(), 100U);
  shard.add("F");
  shard.add("G");
  EXPECT_EQ(shard.form("B", entries[1]).size(), 100U) << "there was room";
  shard.add("H");
  EXPECT_EQ(shard.form("A", entries[0]), "none") << "the older one goes first";
  EXPECT_EQ(shard.evicted, 0U);
  shard.add("I");
  EXPECT_EQ(shard.form("B", entries[1]), "none");
  EXPECT_EQ(shard.evicted, 1U);
  shard.keep("B", entries[1], std::string(600, 'b'));
  EXPECT_EQ(shard.form("B", entries[1]), "none") << "no entry goes for a form";
  EXPECT_EQ(shard.evicted, 1U);
  EXPECT_EQ(shard.room.bytes(), shard.shard.bytes());
}

TEST(SieveShard, KeepsANewFormInPlaceOfOlderOnesButNoneThatIsTooLarge) {
  FormShard shard(16 * 1024);  // the largest: 2 KiB
  const auto a = shard.add("A");
  const auto b = shard.add("B");
  shard.keep("A", a, std::string(2048, 'a'));
  EXPECT_EQ(shard.form("A", a), "none");
  std::vector<EntryPtr> entries;
  for (int i = 0; i < 12; ++i) {
    entries.push_back(shard.add(cat(i)));
    shard.keep(cat(i), entries.back(), std::string(1500, 'x'));
  }
  EXPECT_EQ(shard.form("11", entries[11]).size(), 1500U);
  EXPECT_EQ(shard.form("0", entries[0]), "none");
  EXPECT_EQ(shard.evicted, 0U);
  shard.keep("B", b, std::string(1500, 'b'));
  EXPECT_EQ(shard.form("B", b).size(), 1500U);
  EXPECT_LE(shard.room.bytes(), shard.room.limit());
}

TEST(SieveShard, LeavesEntriesAloneWhileOtherShardsHaveSomethingElse) {
  MemoryRoom room(8 * cost("gz") + 400, 4 * cost("gz"), 2);
  SieveShard one(room);
  SieveShard other(room);
  std::size_t evicted = 0;
  const auto insert = [&](SieveShard& shard, std::string_view key) {
    const auto entry = coded("gz");
    EXPECT_EQ(shard.insert(key, hash64(key), {entry, kStart}, kStart, evicted), Insertion::kept) << key;
    return entry;
  };
  for (const auto* key : {"A", "B", "C", "D"}) insert(one, key);
  const auto e = insert(other, "E");
  for (const auto* key : {"F", "G"}) insert(other, key);
  other.keep_identity("E", hash64("E"), *e, Body(std::string(500, 'x')));
  ASSERT_TRUE(other.identity_of("E", hash64("E"), *e));
  const Copy copy{coded("gz"), kStart};
  EXPECT_EQ(one.insert("H", hash64("H"), copy, kStart, evicted), Insertion::no_room) << "the other has a form";
  EXPECT_EQ(evicted, 0U);
  EXPECT_GT(other.free(Stage::forms, 1, kStart, evicted), 500U);
  EXPECT_EQ(one.insert("H", hash64("H"), copy, kStart, evicted), Insertion::kept);
  EXPECT_EQ(evicted, 0U);
  other.drop_purged({.epoch = 1}, 0);
  EXPECT_EQ(one.insert("I", hash64("I"), copy, kStart, evicted), Insertion::no_room) << "the other has purged copies";
  EXPECT_GT(other.free(Stage::purged, 1, kStart, evicted), 0U);
  EXPECT_EQ(one.insert("I", hash64("I"), copy, kStart, evicted), Insertion::kept);
  EXPECT_EQ(evicted, 0U);
  EXPECT_EQ(room.bytes(), one.bytes() + other.bytes());
}

TEST(SieveShard, EvictsNothingOfItsOwnIfItHasLessThanItsShare) {
  MemoryRoom room(8 * cost(), 4 * cost(), 2);
  SieveShard one(room);
  SieveShard other(room);
  std::size_t evicted = 0;
  const auto insert = [&](SieveShard& shard, std::string_view key) {
    return shard.insert(key, hash64(key), copy_of("{}"), kStart, evicted);
  };
  for (const auto* key : {"A", "B"}) EXPECT_EQ(insert(one, key), Insertion::kept);
  for (const auto* key : {"C", "D", "E", "F", "G", "H"}) EXPECT_EQ(insert(other, key), Insertion::kept);
  EXPECT_EQ(insert(one, "I"), Insertion::no_room);
  EXPECT_EQ(one.free(Stage::crowded, 1, kStart, evicted), 0U);
  EXPECT_EQ(other.free(Stage::crowded, 1, kStart, evicted), cost());
  EXPECT_EQ(evicted, 1U);
  EXPECT_EQ(insert(one, "I"), Insertion::kept);
  EXPECT_EQ(insert(other, "J"), Insertion::kept) << "it evicts its own";
  EXPECT_EQ(evicted, 2U);
  EXPECT_EQ(one.size(), 3U);
  EXPECT_EQ(other.size(), 5U);
}

}  // namespace
}  // namespace wx::cache
