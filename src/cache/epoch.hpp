// The epoch as one process knows it: the fleet's count of purges of everything.
//
// The key in Redis is the only authority. A process gives a missing key back, but only with a number that it has read
// in Redis, never with one that it has only heard of. A key that is lower than this process's epoch has lost a purge
// (a failover, an old snapshot), so it is not believed: it is raised above both.
//
//   source                     number        effect here        repair in Redis
//   -------------------------  ------------  -----------------  ----------------------------------------------------
//   key                        higher        adopted            none
//   key                        lower         none               raise
//   key                        missing, or   none               restore, if this process has read its epoch in Redis,
//                              none of ours                     else raise; none if its epoch is 0
//   whole value in Redis       higher        adopted            none
//   message                    higher        adopted            look at the key
//   message                    lower         none               look at the key: it is late, or Redis has lost a purge
//   value or message           foreign       none               none
//
// Thread-safety: none; CacheCore holds a mutex around it.
#pragma once

#include <cstdint>
#include <optional>

namespace wx::cache {

// No epoch is higher, in the key or elsewhere. A purge raises the epoch by at most 2^20.
inline constexpr std::uint64_t kHighestEpoch = std::uint64_t{1} << 53;

// Returns true if a message or a value with this epoch cannot come from a process of the fleet, given this process's
// epoch: it is more than 2^32 higher. Somebody else's number, once adopted, would end all later purges. (The key in
// Redis is believed up to kHighestEpoch, so that all processes agree on what it says.)
[[nodiscard]] constexpr bool is_foreign_epoch(std::uint64_t epoch, std::uint64_t ours) {
  constexpr std::uint64_t kLargestStep = std::uint64_t{1} << 32;
  return epoch > kHighestEpoch || (epoch > ours && epoch - ours > kLargestStep);
}

// The content of the epoch's key in Redis.
struct EpochKey {
  enum class Holds : std::uint8_t { nothing, number, garbage };
  Holds holds = Holds::nothing;
  std::uint64_t epoch = 0;  // with number
};

class Epoch {
 public:
  enum class Repair : std::uint8_t { none, restore, raise };
  enum class Heard : std::uint8_t { known, look, foreign };

  [[nodiscard]] std::uint64_t current() const { return current_; }
  // The highest epoch that this process has read in Redis.
  [[nodiscard]] std::uint64_t read() const { return read_; }

  Repair on_key(const EpochKey& key) {
    if (key.holds == EpochKey::Holds::number && key.epoch <= kHighestEpoch) {
      adopt(key.epoch);
      if (key.epoch >= current_) read_ = current_;
      return key.epoch < current_ ? Repair::raise : Repair::none;
    }
    // Nothing, or nothing of the fleet's: no purge is lost with it. A process that knows no epoch leaves it to the
    // others.
    if (current_ == 0) return Repair::none;
    return read_ == current_ ? Repair::restore : Repair::raise;
  }

  // A whole value in Redis carries this epoch. A process that knows no epoch yet has nothing to compare it with.
  Heard on_value(std::uint64_t epoch) {
    if (current_ == 0 ? epoch > kHighestEpoch : is_foreign_epoch(epoch, current_)) return Heard::foreign;
    adopt(epoch);
    if (epoch == current_) read_ = current_;
    return Heard::known;
  }

  Heard on_message(std::uint64_t epoch) {
    if (is_foreign_epoch(epoch, current_)) return Heard::foreign;
    if (epoch == current_) return Heard::known;
    adopt(epoch);
    return Heard::look;
  }

 private:
  void adopt(std::uint64_t epoch) {
    if (epoch > current_) current_ = epoch;
  }

  std::uint64_t current_ = 0;
  std::uint64_t read_ = 0;
};

}  // namespace wx::cache
