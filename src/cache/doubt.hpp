// The doubt about a copy in memory that another process has announced to have replaced.
//
// A message is a hint: the announced value may be out of reach, or of another epoch. So the copy is served as before,
// and the doubt only causes looks in Redis: at most three, at once, and 1 s and 5 s after the message. It ends earlier
// with a value that was stored as late as the announced one. A hit starts a look, so a copy that nobody asks for causes
// none.
//
// Thread-safety: none; the lock of the copy's memory shard.
#pragma once

#include <array>
#include <cstddef>

#include "base/clock.hpp"

namespace wx::cache {

// After a hit has asked for a look, no other hit of the key does so for this long, whether the look begins or not.
inline constexpr milliseconds kLookPause{1000};

class Doubt {
 public:
  // Call it when another process has announced a value stored at `announced`. A message about a value that is not later
  // than the one that is already awaited changes nothing.
  void begin(WallTime announced, SteadyTime now) {
    if (exists() && announced <= awaited_) return;
    awaited_ = announced;
    since_ = look_from_ = now;
    looks_ = 0;
  }

  [[nodiscard]] bool exists() const { return looks_ < kLooks.size(); }
  [[nodiscard]] bool look_is_due(SteadyTime now) const { return exists() && now >= look_from_; }
  // No look is due before `from`.
  void postpone(SteadyTime from) { look_from_ = from; }

  // Counts a look that begins now. The doubt ends with the last one.
  void count_look() {
    if (!exists()) return;
    ++looks_;
    if (exists()) look_from_ = since_ + kLooks[looks_];
  }

  // Call it when the copy is replaced by a value stored at `stored_at`.
  void on_replaced(WallTime stored_at) {
    if (stored_at >= awaited_) looks_ = kLooks.size();
  }

 private:
  // When to look, from the message on.
  static constexpr std::array<milliseconds, 3> kLooks{milliseconds(0), milliseconds(1000), milliseconds(5000)};

  WallTime awaited_;
  SteadyTime since_;
  SteadyTime look_from_;
  std::size_t looks_ = kLooks.size();  // that have begun
};

}  // namespace wx::cache
