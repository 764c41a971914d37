#include "cache/purge_debt.hpp"

#include <algorithm>
#include <utility>

#include "cache/cache_core.hpp"
#include "cache/cache_thread.hpp"
#include "cache/purge_pauses.hpp"
#include "observability/log_exception.hpp"
#include "redis/reply_class.hpp"

namespace wx::cache {

void PurgeDebt::set_pending(const std::shared_ptr<CacheCore>& core) {
  core_ = core;
  pending_ = true;
  at_ = core->now();
  pause_ = kFirstPurgePause;
  schedule();
}

void PurgeDebt::on_purged(CacheCore& core, std::uint64_t epoch, const Moment& at) {
  core.on_purge_accepted(epoch, at);
  if (std::exchange(pending_, false)) core.on_debt_paid();
  timer_.reset();
  core.on_epoch_key({.holds = EpochKey::Holds::number, .epoch = epoch});
}

void PurgeDebt::schedule() {
  const auto half = pause_ / 2;
  const auto pause = thread_.random().between(half, 2 * half);
  pause_ = std::min<nanoseconds>(2 * pause_, kLongestPurgePause);
  timer_ = thread_.executor().after(pause, [this] { guarded([this](CacheCore& core) { try_again(core); }); });
}

void PurgeDebt::try_again(CacheCore& core) {
  thread_.remote()->raise_epoch(core.epoch(), [this](const Result<std::uint64_t>& epoch) {
    guarded([&](CacheCore& live) {
      if (epoch) return on_purged(live, *epoch, at_);
      if (!pending_) return;
      if (redis::is_lasting_refusal(epoch.error())) pause_ = kRefusedPurgePause;
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
