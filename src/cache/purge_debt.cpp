#include "cache/purge_debt.hpp"

#include <algorithm>
#include <utility>

#include "cache/cache_core.hpp"
#include "cache/cache_thread.hpp"
#include "observability/log_exception.hpp"
#include "redis/reply_class.hpp"

namespace wx::cache {
namespace {

// The first and the longest pause between attempts, each shortened at random by up to a half. An attempt without a
// connection costs nothing.
constexpr milliseconds kFirstPause{500};
constexpr milliseconds kLongestPause{4000};
// The pause after a lasting refusal: a missing permission, or a replica.
constexpr milliseconds kRefusedPause{60'000};

}  // namespace

void PurgeDebt::set_pending(const std::shared_ptr<CacheCore>& core) {
  core_ = core;
  pending_ = true;
  pause_ = kFirstPause;
  schedule();
}

void PurgeDebt::on_purged(CacheCore& core, std::uint64_t epoch) {
  if (std::exchange(pending_, false)) core.on_purge_accepted();
  timer_.reset();
  core.on_epoch_key({.holds = EpochKey::Holds::number, .epoch = epoch});
}

void PurgeDebt::schedule() {
  const auto half = pause_ / 2;
  const auto pause = thread_.random().between(half, 2 * half);
  pause_ = std::min<nanoseconds>(2 * pause_, kLongestPause);
  timer_ = thread_.executor().after(pause, [this] { guarded([this](CacheCore& core) { try_again(core); }); });
}

void PurgeDebt::try_again(CacheCore& core) {
  thread_.remote()->raise_epoch(core.epoch(), [this](const Result<std::uint64_t>& epoch) {
    guarded([&](CacheCore& live) {
      if (epoch) return on_purged(live, *epoch);
      if (!pending_) return;
      if (redis::is_lasting_refusal(epoch.error())) pause_ = kRefusedPause;
      schedule();
    });
  });
}

template <class Work>
void PurgeDebt::guarded(Work work) {
  const auto core = core_.lock();
  if (!core) return;
  try {
    work(*core);
  } catch (...) {
    observability::log_exception(core->log, "cache", "a pending purge ended with an exception and will be repeated");
    if (pending_) schedule();
  }
}

}  // namespace wx::cache
