// Times every kernel of the request path, and the memory tier with one and two threads at 1,000 and at a million
// entries.
#include <benchmark/benchmark.h>

#include "base/hash.hpp"
#include "base/text.hpp"
#include "cache/memory_tier.hpp"
#include "kernels.hpp"
#include "support/fake_clock.hpp"

namespace {

using namespace wx;

// Shared by the threads of one benchmark.
struct Tier {
  Tier(std::size_t count, std::size_t limit) : tier({.limit = limit}, metrics) {
    entry->body = std::string(120, 'x');
    entry->spans.fresh_for = std::chrono::hours(1);
    for (std::size_t i = 0; i < count; ++i) {
      keys.push_back(cat("weather:52.", i, ":13.41"));
      put(keys.back());
    }
  }
  void put(std::string_view key) { tier.insert(key, hash64(key), {entry, clock.steady()}, clock.steady()); }

  test::FakeClock clock;
  observability::Metrics metrics;
  cache::MemoryTier tier;
  std::shared_ptr<cache::Entry> entry = std::make_shared<cache::Entry>();
  std::vector<std::string> keys;
};

std::unique_ptr<Tier> shared;

void make_tier(const benchmark::State& state) {
  shared = std::make_unique<Tier>(static_cast<std::size_t>(state.range(0)), std::size_t{1} << 30);
}
void make_full_tier(const benchmark::State& state) {
  shared =
      std::make_unique<Tier>(static_cast<std::size_t>(state.range(0)), static_cast<std::size_t>(state.range(0)) * 400);
}
void drop_tier(const benchmark::State&) {
  shared.reset();
}

// Jumps to another key each time, so that the processor's caches help as little as possible.
std::size_t next(std::size_t& at) {
  return at = (at * 2862933555777941757U + 3037000493U);
}

void hit(benchmark::State& state) {
  auto at = static_cast<std::size_t>(state.thread_index() + 1);
  for (auto _ : state) {
    const auto& key = shared->keys[next(at) % shared->keys.size()];
    benchmark::DoNotOptimize(shared->tier.find(key, hash64(key), shared->clock.steady()));
  }
}

void hit_one_key(benchmark::State& state) {
  const auto& key = shared->keys.front();
  for (auto _ : state) benchmark::DoNotOptimize(shared->tier.find(key, hash64(key), shared->clock.steady()));
}

void miss(benchmark::State& state) {
  constexpr std::string_view kAbsent = "weather:absent";
  for (auto _ : state) benchmark::DoNotOptimize(shared->tier.find(kAbsent, hash64(kAbsent), shared->clock.steady()));
}

void insert_and_evict(benchmark::State& state) {
  std::size_t number = static_cast<std::size_t>(state.thread_index()) << 40U;
  for (auto _ : state) shared->put(cat("weather:new:", number++));
}

#define WX_TIER(function, setup)                                                                                  \
  BENCHMARK(function)->Arg(1'000)->Arg(1'000'000)->Threads(1)->Threads(2)->UseRealTime()->Setup(setup)->Teardown( \
      drop_tier)
WX_TIER(hit, make_tier);
WX_TIER(hit_one_key, make_tier);
WX_TIER(miss, make_tier);
WX_TIER(insert_and_evict, make_full_tier);

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  auto kernels = wx::bench::make_kernels();
  for (auto& kernel : kernels) {
    benchmark::RegisterBenchmark(kernel.name.c_str(), [&kernel](benchmark::State& state) {
      for (auto _ : state) kernel.once();
    });
  }
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
