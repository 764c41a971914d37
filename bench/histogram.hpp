// Durations counted in log-linear buckets, as in HdrHistogram: 64 per power of two. Percentiles are exact to 1.6 % in
// constant memory, whatever the values.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace wx::bench {

class Histogram {
 public:
  void add(std::uint64_t nanoseconds) {
    ++buckets_[bucket_of(nanoseconds)];
    ++count_;
    largest_ = std::max(largest_, nanoseconds);
  }

  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] std::uint64_t largest() const { return largest_; }

  // The value that a fraction `part` (0 to 1) of all values do not exceed, rounded up to its bucket's end; 0 without
  // values.
  [[nodiscard]] std::uint64_t percentile(double part) const {
    const auto rank = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(part * static_cast<double>(count_) + 0.5));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
      seen += buckets_[i];
      if (seen >= rank) return std::min(upper_end(i), largest_);
    }
    return 0;
  }

 private:
  static constexpr unsigned kBits = 6;
  static constexpr std::size_t kLinear = std::size_t{1} << kBits;

  // Below 64 each value has a bucket. Above, the top seven bits of the value select it.
  [[nodiscard]] static std::size_t bucket_of(std::uint64_t value) {
    if (value < kLinear) return value;
    const auto shift = static_cast<unsigned>(std::bit_width(value)) - kBits - 1;
    return shift * kLinear + (value >> shift);
  }
  [[nodiscard]] static std::uint64_t upper_end(std::size_t bucket) {
    if (bucket < 2 * kLinear) return bucket;
    const auto shift = bucket / kLinear - 1;
    return ((bucket - shift * kLinear + 1) << shift) - 1;
  }

  std::array<std::uint64_t, (64 - kBits + 1) * kLinear> buckets_{};
  std::uint64_t count_ = 0;
  std::uint64_t largest_ = 0;
};

}  // namespace wx::bench
