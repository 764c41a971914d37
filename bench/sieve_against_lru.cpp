// Compares the hit ratio of the memory tier (SIEVE, 64 shards) with that of one LRU over the same number of entries,
// which exists only for this comparison. Prints a Markdown table.
#include <cmath>
#include <cstdio>
#include <list>
#include <random>
#include <unordered_map>
#include <vector>

#include "base/hash.hpp"
#include "base/text.hpp"
#include "cache/memory_tier.hpp"
#include "support/fake_clock.hpp"

namespace {

using namespace wx;

constexpr std::size_t kKeys = 200'000;
constexpr std::size_t kRequests = 4'000'000;
constexpr std::size_t kWarm = 1'000'000;  // requests to fill the cache, which are not counted

class Lru {
 public:
  explicit Lru(std::size_t capacity) : capacity_(capacity) {}
  bool ask(std::uint32_t key) {
    if (const auto found = where_.find(key); found != where_.end()) {
      order_.splice(order_.begin(), order_, found->second);
      return true;
    }
    if (order_.size() == capacity_) {
      where_.erase(order_.back());
      order_.pop_back();
    }
    order_.push_front(key);
    where_.emplace(key, order_.begin());
    return false;
  }

 private:
  std::size_t capacity_;
  std::list<std::uint32_t> order_;
  std::unordered_map<std::uint32_t, std::list<std::uint32_t>::iterator> where_;
};

class Sieve {
 public:
  explicit Sieve(std::size_t capacity) : tier_({.limit = capacity * bytes_of_one()}, metrics_) {
    for (std::size_t i = 0; i < kKeys; ++i) keys_.push_back(name(i));
  }
  bool ask(std::uint32_t number) {
    const auto& key = keys_[number];
    if (tier_.find(key, hash64(key), clock_.steady())) return true;
    tier_.insert(key, hash64(key), {entry_, clock_.steady()}, clock_.steady());
    return false;
  }

 private:
  static std::string name(std::size_t number) { return cat("weather:52.", 1'000'000 + number, ":13.41"); }
  static std::shared_ptr<const cache::Entry> entry() {
    cache::Entry entry;
    entry.spans.fresh_for = std::chrono::hours(1);
    return std::make_shared<const cache::Entry>(std::move(entry));
  }
  // All keys have the same length, so all entries take the same memory.
  static std::size_t bytes_of_one() {
    const test::FakeClock clock;
    cache::SieveShard shard(1U << 20);
    std::size_t evicted = 0;
    shard.insert(name(0), hash64(name(0)), {entry(), clock.steady()}, clock.steady(), evicted);
    return shard.bytes();
  }

  test::FakeClock clock_;
  observability::Metrics metrics_;
  cache::MemoryTier tier_;
  std::shared_ptr<const cache::Entry> entry_ = entry();
  std::vector<std::string> keys_;
};

// The keys of all requests. The popular ones are spread over all numbers.
std::vector<std::uint32_t> zipf(double exponent) {
  std::vector<double> cumulated;
  double sum = 0;
  for (std::size_t rank = 1; rank <= kKeys; ++rank) cumulated.push_back(sum += 1 / std::pow(rank, exponent));
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> uniform(0, sum);
  std::vector<std::uint32_t> requests;
  for (std::size_t i = 0; i < kRequests; ++i) {
    const auto rank = std::ranges::lower_bound(cumulated, uniform(random)) - cumulated.begin();
    requests.push_back(static_cast<std::uint32_t>(static_cast<std::uint64_t>(rank) * 7919 % kKeys));
  }
  return requests;
}

double hit_ratio(auto cache, const std::vector<std::uint32_t>& requests) {
  std::size_t hits = 0;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const bool hit = cache.ask(requests[i]);
    if (i >= kWarm && hit) ++hits;
  }
  return static_cast<double>(hits) / static_cast<double>(requests.size() - kWarm);
}

}  // namespace

int main() {
  std::puts("| requests | entries kept | SIEVE, as in the memory tier | LRU |\n| --- | ---: | ---: | ---: |");
  bool fine = true;
  for (const double exponent : {0.9, 1.1}) {
    const auto requests = zipf(exponent);
    for (const std::size_t percent : {1, 10}) {
      const std::size_t capacity = kKeys * percent / 100;
      const double sieve = hit_ratio(Sieve(capacity), requests);
      const double lru = hit_ratio(Lru(capacity), requests);
      std::printf("| Zipf(%.1f) over %zu places | %zu %% | %.1f %% | %.1f %% |\n", exponent, kKeys, percent,
                  100 * sieve, 100 * lru);
      fine = fine && sieve >= lru;
    }
  }
  return fine ? 0 : 1;
}
