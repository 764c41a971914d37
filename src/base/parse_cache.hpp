// What recent texts parse to, so that a text that recurs, such as the target of a request, is not parsed again.
//
// The texts come from clients, some of them hostile. Therefore:
// - The memory is bounded in bytes, and long texts are not kept.
// - A text is kept when it is offered for the second time. One that never recurs costs a lookup and one number, and
//   takes no place from another.
// - A lookup compares the hashes of one set of four places, and a text only if its hash is equal. So it costs the same
//   whatever the texts are. The hash is seeded, so that clients cannot tell which texts share a set.
// - A text that was found since the last look at its place stays, as in CLOCK (Corbató 1968). To make room for a text,
//   one of its own set goes, and as many others as the bytes require.
//
// Thread-safety: none; use one per thread.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/hash.hpp"

namespace wx {

// What a text parses to. memory(): the bytes that it owns beyond its own size.
template <class T>
concept ParseResult = requires(const T& value) {
  { value.memory() } -> std::convertible_to<std::size_t>;
};

template <ParseResult Value>
class ParseCache {
 public:
  static constexpr std::size_t kLongestText = 2048;  // bytes

  // `limit`: bytes of everything, at least 4 KiB.
  ParseCache(std::size_t limit, std::uint64_t seed)
      : limit_(limit),
        seed_(seed),
        sets_(std::bit_floor(std::max<std::size_t>(limit / (kWays * kPlaceBytes), 1))),
        offered_(sets_.size() * kWays),
        bytes_(sets_.size() * sizeof(Set) + offered_.size() * sizeof(Prints)) {}

  // Returns what the text was kept with, or null. The same text may have a different result in each `space`. The
  // pointer is valid until the next offer.
  [[nodiscard]] const Value* find(std::string_view text, std::uint64_t space = 0) {
    if (text.size() > kLongestText) return nullptr;
    const auto hash = hash_of(text, space);
    auto& set = set_of(hash);
    for (std::size_t way = 0; way < kWays; ++way) {
      if (set.hashes[way] != hash) continue;
      auto* const kept = set.kept[way].get();
      if (kept == nullptr || kept->text != text || kept->space != space) continue;
      kept->found = true;
      return &kept->value;
    }
    return nullptr;
  }

  // Call it after find() has returned null. If the text is to be kept, calls make() for the result to keep with it.
  template <std::invocable Make>
  void offer(std::string_view text, std::uint64_t space, Make make) {
    if (text.size() > kLongestText) return;
    const auto hash = hash_of(text, space);
    if (!was_offered(hash)) return;
    auto kept = std::make_unique<Kept>(Kept{.text = std::string(text), .space = space, .value = make()});
    kept->bytes = kBlock + sizeof(Kept) + kBlock + text.size() + kBlock + kept->value.memory();
    if (kept->bytes > limit_ / 8) return;
    auto& set = set_of(hash);
    const std::size_t way = free_way(set);
    while (bytes_ + kept->bytes > limit_) pass_hand();
    bytes_ += kept->bytes;
    set.hashes[way] = hash;
    set.kept[way] = std::move(kept);
  }

  // The memory in use.
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  static constexpr std::size_t kWays = 4;
  // The limit has a place for this many bytes each. Most texts take more, so that sets are seldom full.
  static constexpr std::size_t kPlaceBytes = 128;
  static constexpr std::size_t kBlock = 16;  // the allocator's overhead for a block of memory

  struct Kept {
    std::string text;
    std::uint64_t space;
    Value value;
    std::size_t bytes = 0;
    bool found = false;  // since the last look at its place
  };
  // The hashes of a set fill half of a cache line.
  struct alignas(64) Set {
    std::array<std::uint64_t, kWays> hashes{};
    std::array<std::unique_ptr<Kept>, kWays> kept;
  };

  // A part of the hashes of two texts that were offered last.
  struct Prints {
    std::uint32_t last = 0;
    std::uint32_t earlier = 0;
  };

  [[nodiscard]] std::uint64_t hash_of(std::string_view text, std::uint64_t space) const {
    return content_hash(text, seed_ + space);
  }
  [[nodiscard]] Set& set_of(std::uint64_t hash) { return sets_[hash & (sets_.size() - 1)]; }

  // Returns true the second time, unless many others were offered in between.
  [[nodiscard]] bool was_offered(std::uint64_t hash) {
    const auto print = static_cast<std::uint32_t>(hash >> 32);
    auto& [last, earlier] = offered_[(hash >> 8) & (offered_.size() - 1)];
    const bool known = last == print || earlier == print;
    earlier = std::exchange(last, print);
    return known;
  }

  // Makes one place of the set free and returns it.
  [[nodiscard]] std::size_t free_way(Set& set) {
    for (std::size_t way = 0; way < kWays; ++way) {
      if (set.kept[way] == nullptr) return way;
    }
    std::size_t way = 0;
    while (stays(set.kept[way])) way = (way + 1) % kWays;
    return way;
  }
  void pass_hand() {
    hand_ = (hand_ + 1) % (sets_.size() * kWays);
    (void)stays(sets_[hand_ / kWays].kept[hand_ % kWays]);
  }
  // The look at a place: drops a text that was not found since the last one.
  [[nodiscard]] bool stays(std::unique_ptr<Kept>& kept) {
    if (kept == nullptr) return false;
    if (std::exchange(kept->found, false)) return true;
    bytes_ -= kept->bytes;
    kept.reset();
    return false;
  }

  const std::size_t limit_;
  const std::uint64_t seed_;
  std::vector<Set> sets_;
  std::vector<Prints> offered_;  // by another part of the hash
  std::size_t bytes_;
  std::size_t hand_ = 0;
};

}  // namespace wx
