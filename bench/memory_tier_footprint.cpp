// The memory that MEMORY_LIMIT costs the machine: ten million different places through a memory tier of 64 MiB, then
// 50,000 questions whose gzip bodies are of different sizes, half of them with the identity form. Prints the largest
// anonymous resident memory and the memory per entry. Fails if the memory exceeds the bound.
#include <algorithm>
#include <cstdio>
#include <string>

#include "base/hash.hpp"
#include "base/text.hpp"
#include "cache/memory_tier.hpp"
#include "support/fake_clock.hpp"
#include "support/process_stats.hpp"

namespace {

using namespace wx;

constexpr std::size_t kPlaces = 10'000'000;
constexpr std::size_t kQuestions = 50'000;
constexpr std::size_t kDecoded = 12'000;
constexpr std::size_t kLimit = std::size_t{64} << 20;
constexpr std::size_t kBound = kLimit + (std::size_t{40} << 20);

// As long as a real answer. Each answer has its own string, like a real one.
cache::EntryPtr answer(std::size_t number) {
  cache::Entry entry;
  entry.body = cat(R"({"latitude":52.52,"longitude":13.419998,"elevation":38.0,"current_units":{"time":"iso8601",)",
                   R"("temperature_2m":"°C","wind_speed_10m":"km/h"},"current":{"time":"2026-01-01T00:00",)",
                   R"("interval":900,"temperature_2m":)", number % 40, R"(.5,"wind_speed_10m":10.7}})");
  entry.content_type = "application/json";
  entry.etag = "16ec45006bfb0ce8";
  entry.spans.fresh_for = std::chrono::hours(1);
  return std::make_shared<const cache::Entry>(std::move(entry));
}

// Asks for each place once.
bool ask_places() {
  const test::FakeClock clock;
  observability::Metrics metrics;
  cache::MemoryTier tier({.limit = kLimit}, metrics);
  const auto before = test::anonymous_bytes(::getpid());
  std::size_t most = 0;
  for (std::size_t i = 0; i < kPlaces; ++i) {
    const auto key = cat("weather:", static_cast<int>(i % 180) - 90, ".52:", i / 180, ".41");
    tier.insert(key, hash64(key), {answer(i), clock.steady()}, clock.steady());
    if (i % 10'000 == 0) most = std::max(most, test::anonymous_bytes(::getpid()));
  }
  most = std::max(most, test::anonymous_bytes(::getpid()));
  const auto entries = static_cast<double>(tier.size());
  const auto body = static_cast<double>(answer(0)->body.size());
  std::printf(
      "%zu places through %zu MiB: %.0f entries kept; anonymous memory %.1f MiB at most (bound %zu MiB), %.1f MiB "
      "before\n",
      kPlaces, kLimit >> 20U, entries, static_cast<double>(most) / (1 << 20), kBound >> 20U,
      static_cast<double>(before) / (1 << 20));
  std::printf("an entry with a body of %.0f bytes: %.0f bytes counted, %.0f bytes of memory\n", body,
              static_cast<double>(tier.bytes()) / entries, static_cast<double>(most - before) / entries);
  return most <= kBound;
}

// A question whose answer is 12 kB, and 2 to 4 kB as gzip.
cache::EntryPtr coded_answer(std::size_t number) {
  cache::Entry entry;
  entry.body = Body::copy_of(std::string(2000 + number * 7919 % 2000, static_cast<char>('a' + number % 26)));
  entry.content_type = "application/json; charset=utf-8";
  entry.etag = "16ec45006bfb0ce8";
  entry.encoding = cache::Encoding::gzip;
  entry.decoded_size = kDecoded;
  entry.spans.fresh_for = std::chrono::hours(1);
  return std::make_shared<const cache::Entry>(std::move(entry));
}

// Asks each question, and every other one again by a client without gzip.
bool ask_coded() {
  const test::FakeClock clock;
  observability::Metrics metrics;
  cache::MemoryTier tier({.limit = kLimit}, metrics);
  std::size_t most = 0;
  std::size_t forms = 0;
  for (std::size_t i = 0; i < 4 * kQuestions; ++i) {
    const auto number = i % kQuestions;
    const auto key = cat("weather:om:api:forecast?latitude=", number, "&hourly=temperature_2m,rain,wind_speed_10m");
    const auto hash = hash64(key);
    auto hit = tier.find(key, hash, clock.steady());
    if (!hit) {
      tier.insert(key, hash, {coded_answer(number), clock.steady()}, clock.steady());
      hit = tier.find(key, hash, clock.steady());
    }
    const auto& entry = *hit->copy.entry;
    if (number % 2 == 0 && !tier.identity_of(key, hash, entry)) {
      tier.keep_identity(key, hash, entry, Body(std::string(kDecoded, 'x')));
      forms += tier.identity_of(key, hash, entry) ? 1 : 0;
    }
    if (i % 100 == 0) most = std::max(most, test::anonymous_bytes(::getpid()));
  }
  std::printf("%zu questions of %zu bytes: %zu entries kept, %zu identity forms for a time; %.1f MiB at most\n",
              kQuestions, kDecoded, tier.size(), forms, static_cast<double>(most) / (1 << 20));
  return most <= kBound;
}

}  // namespace

int main() {
  // One after the other: the second finds the memory that the first has left to the allocator.
  const bool places = ask_places();
  const bool coded = ask_coded();
  return places && coded ? 0 : 1;
}
