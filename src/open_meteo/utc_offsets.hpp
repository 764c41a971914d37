// The offsets from UTC of an answer's locations, each value once.
//
// Thread-safety: a value.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

namespace wx::open_meteo {

class UtcOffsets {
 public:
  // False, with nothing added, for an offset that no place can have: not a whole number of seconds, or a day or more.
  // Also for more different offsets than there are quarters of an hour in two days, so that the list stays short.
  bool add(double seconds) {
    if (!(std::abs(seconds) < kDay) || std::trunc(seconds) != seconds) return false;
    const std::chrono::seconds offset(static_cast<long long>(seconds));
    if (std::ranges::find(offsets_, offset) != offsets_.end()) return true;
    if (offsets_.size() >= kMost) return false;
    offsets_.push_back(offset);
    return true;
  }

  [[nodiscard]] std::vector<std::chrono::seconds> take() { return std::exchange(offsets_, {}); }

 private:
  static constexpr double kDay = 86400;
  static constexpr std::size_t kMost = 192;

  std::vector<std::chrono::seconds> offsets_;
};

}  // namespace wx::open_meteo
