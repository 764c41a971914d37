// Counters and histograms. Counting costs a hot path one uncontended add, because each thread counts in its own cache
// lines; a scrape adds the threads up.
//
// Thread-safety: everything from any thread.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/mutex.hpp"
#include "observability/counters.hpp"

namespace wx::observability {

// The histograms, in seconds: how long requests took (answered from a cache, or by a load), calls to the provider, and
// reads of Redis, with kBucketBounds; and how old the served answers were, with kAgeBounds.
enum class Timing : std::uint8_t { hit, load, provider, redis, age };
inline constexpr std::size_t kTimings = 5;
inline constexpr std::array<double, 14> kBucketBounds{0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005,
                                                      0.01,    0.05,   0.1,     0.25,   0.5,   1.0,    5.0};

inline constexpr std::array<double, 14> kAgeBounds{1,   5,   10,   30,   60,   120,   300,
                                                   600, 900, 1800, 3600, 7200, 21600, 86400};

// A value at the time of a scrape: memory in use, connections open, a breaker's state.
struct Gauge {
  std::string_view family;  // of static storage, as `help` is; the gauges of a family stand together
  std::string labels;       // name="value", or empty
  std::string_view help;
  double value = 0;
};
using ReadGauges = std::function<std::vector<Gauge>()>;

// A sum that does not overflow: 2^127. In 64 bits, the ages of the answers (mean 450 s, in ns) overflow after 41
// million hits, a quarter of an hour of a busy process.
//
// `low` counts modulo 2^64. `crossings` is how often its highest bit has changed, so the sum is crossings * 2^63 plus
// the other bits. A reader between the two steps of add() sees it by the parity: the highest bit is already that of the
// next crossing.
//
// Thread-safety: any thread.
class WideSum {
 public:
  void add(std::uint64_t n) {  // below 2^63
    const auto before = low_.fetch_add(n, std::memory_order_relaxed);
    if (((before ^ (before + n)) >> 63) != 0) crossings_.fetch_add(1, std::memory_order_release);
  }
  [[nodiscard]] double value() const;

 private:
  std::atomic<std::uint64_t> low_{0};
  std::atomic<std::uint64_t> crossings_{0};
};

class Metrics {
 public:
  Metrics();

  void add(Counter counter, std::uint64_t n = 1) {
    slot().values[static_cast<std::size_t>(counter)].fetch_add(n, std::memory_order_relaxed);
  }
  void observe(Timing timing, nanoseconds span);

  // Sum over all threads since start.
  [[nodiscard]] std::uint64_t value(Counter counter) const;

  // Sets the function that reads all gauges at a scrape, one snapshot for all of them. It must be callable from any
  // thread until remove_gauges().
  void set_gauges(ReadGauges read);
  // Waits for a scrape in progress and forgets the function. Call it before what the function reads is destroyed.
  void remove_gauges();

  // Everything in the Prometheus text format 0.0.4.
  [[nodiscard]] std::string text() const;

 private:
  struct Histogram {
    std::array<std::atomic<std::uint64_t>, kBucketBounds.size() + 1> buckets{};
    WideSum sum_ns;
  };
  struct alignas(128) Slot {
    std::array<std::atomic<std::uint64_t>, kCounters.size()> values{};
    std::array<Histogram, kTimings> timings{};
  };
  static constexpr std::size_t kSlots = 64;

  [[nodiscard]] std::vector<Gauge> read_gauges() const;

  [[nodiscard]] Slot& slot() const { return (*slots_)[thread_slot()]; }
  // The calling thread's slot. If there are more than kSlots threads, some share one.
  [[nodiscard]] static std::size_t thread_slot();

  std::unique_ptr<std::array<Slot, kSlots>> slots_;
  mutable Mutex gauges_mutex_;
  ReadGauges read_gauges_ WX_GUARDED_BY(gauges_mutex_);
};

}  // namespace wx::observability
