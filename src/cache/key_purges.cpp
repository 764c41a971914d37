#include "cache/key_purges.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "cache/answer_once.hpp"
#include "cache/cache_core.hpp"
#include "cache/cache_thread.hpp"
#include "cache/purge_pauses.hpp"
#include "observability/log_exception.hpp"
#include "redis/reply_class.hpp"

namespace wx::cache {
namespace {

// A SET that was under way during the purge has arrived by then, or comes with another connection.
constexpr milliseconds kSoon{2000};
constexpr int kMostRepetitions = 3;

// Returns true for the tombstone of the purge, and for everything later.
bool follows(const Entry& entry, WallTime purged_at) {
  return entry.stored_at > purged_at || (entry.kind == EntryKind::tombstone && entry.stored_at == purged_at);
}

}  // namespace

void KeyPurges::purge(const std::shared_ptr<CacheCore>& core, std::string_view key, const Moment& at,
                      RemoteTier::DoneCallback done) {
  core_ = core;
  const Purge purge{.key = std::string(key), .at = at};
  pending_.insert_or_assign(purge.key, Pending{.at = at, .trying = true});
  guarded([&](CacheCore& live) {
    attempt(live, purge,
            [this, purge, done = AnswerOnce<void>(std::move(done))](const std::optional<Error>& error) mutable {
              guarded([&](CacheCore& still) { on_attempted(still, purge, error); });
              if (error) return done(std::unexpected(*error));
              done({});
            });
  });
}

void KeyPurges::on_revived(const std::shared_ptr<CacheCore>& core, std::string_view key, const Moment& at) {
  core_ = core;
  if (std::ranges::any_of(soon_, [&](const Reading& reading) { return reading.purge.key == key; })) return;
  guarded([&](CacheCore& live) { read_later(live, soon_, {.key = std::string(key), .at = at}, kSoon); });
}

// Null if nothing is pending of this purge: it is done, or the key was purged again since.
KeyPurges::Pending* KeyPurges::pending_of(const Purge& purge) {
  const auto found = pending_.find(purge.key);
  return found != pending_.end() && found->second.at.steady == purge.at.steady ? &found->second : nullptr;
}

void KeyPurges::attempt(CacheCore& core, const Purge& purge, Attempted attempted) {
  struct Attempt {
    int left = 0;
    std::optional<Error> error;
    Attempted attempted;
  };
  const auto* pending = pending_of(purge);
  const bool bury = pending != nullptr && !pending->buried;
  const bool announce = pending != nullptr && !pending->announced;
  const auto all = std::make_shared<Attempt>();
  all->left = (bury ? 1 : 0) + (announce ? 1 : 0);
  all->attempted = std::move(attempted);
  if (all->left == 0) return all->attempted(std::nullopt);
  const auto answered = [this, all, purge](auto note) {
    return [this, all, purge, note](Result<void> result) {
      if (auto* current = pending_of(purge); current != nullptr && result) note(*current);
      if (!result && !all->error) all->error = std::move(result.error());
      if (--all->left == 0) all->attempted(all->error);
    };
  };
  // The tombstone first, so that the receivers of the message find it.
  if (bury) {
    const auto buried = [late = !announce](Pending& current) {
      current.buried = true;
      if (late) current.announced = false;
    };
    const auto tombstone = make_tombstone(core.wall_of(purge.at), core.options.tombstone_span);
    thread_.remote()->bury(purge.key, tombstone, answered(buried));
  }
  if (announce) {
    const auto announced = [](Pending& current) { current.announced = true; };
    thread_.remote()->announce_purge(purge.key, core.wall_of(purge.at), answered(announced));
  }
}

void KeyPurges::on_attempted(CacheCore& core, const Purge& purge, const std::optional<Error>& error) {
  auto* pending = pending_of(purge);
  if (pending == nullptr) return;
  if (!error && !pending->announced) return purge_again(core, purge);  // the tombstone came late
  pending->trying = false;
  if (!error) {
    pending_.erase(purge.key);
    if (pending_.empty()) {
      pause_ = nanoseconds(0);
      retry_timer_.reset();
    }
    read_later(core, soon_, purge, kSoon);
    if (purge.again == 0) read_later(core, later_, purge, core.options.lease_span + kSoon);
    return;
  }
  pending->lasting = redis::is_lasting_refusal(*error);
  const auto refused = std::ranges::count_if(pending_, [](const auto& each) { return !each.second.trying; });
  if (static_cast<std::size_t>(refused) > kMost) return give_up_singles(core);
  schedule_retry();
}

void KeyPurges::purge_again(CacheCore& core, const Purge& purge) {
  attempt(core, purge, [this, purge](const std::optional<Error>& error) {
    guarded([&](CacheCore& live) { on_attempted(live, purge, error); });
  });
}

// Too many to be repeated one by one: they become one purge of everything.
void KeyPurges::give_up_singles(CacheCore& core) {
  pending_.clear();
  retry_timer_.reset();
  pause_ = nanoseconds(0);
  core.purge_here();
  thread_.purge_debt().set_pending(core_.lock());
}

// Sets the timer, or sets it anew if its pause was for other reasons.
void KeyPurges::schedule_retry() {
  const bool lasting = std::ranges::all_of(pending_, [](const auto& each) { return each.second.lasting; });
  if (retry_timer_ && lasting == lasting_pause_) return;
  if (!retry_timer_) {
    pause_ = pause_ == nanoseconds(0) ? nanoseconds(kFirstPurgePause)
                                      : std::min<nanoseconds>(2 * pause_, kLongestPurgePause);
  }
  lasting_pause_ = lasting;
  const nanoseconds pause = lasting ? nanoseconds(kRefusedPurgePause) : pause_;
  retry_timer_ = thread_.executor().after(thread_.random().between(pause / 2, pause), [this] {
    retry_timer_.reset();
    guarded([this](CacheCore& core) { retry(core); });
  });
}

void KeyPurges::retry(CacheCore& core) {
  std::vector<Purge> purges;
  for (const auto& [key, pending] : pending_) {
    if (!pending.trying) purges.push_back({.key = key, .at = pending.at, .again = pending.again});
  }
  for (const auto& purge : purges) {
    auto* pending = pending_of(purge);
    if (pending == nullptr) continue;  // given up meanwhile
    pending->trying = true;
    pending->lasting = false;
    retry_one(core, purge);
  }
}

void KeyPurges::retry_one(CacheCore& core, const Purge& purge) {
  const auto* pending = pending_of(purge);
  if (pending == nullptr || pending->buried) return purge_again(core, purge);
  thread_.remote()->look(purge.key, [this, purge](const Result<LeaseView>& seen) {
    guarded([&](CacheCore& live) {
      if (!seen) return on_attempted(live, purge, seen.error());
      const auto at = live.wall_of(purge.at);
      // A value of this version says nothing about one of a later version beside it.
      const bool followed =
          seen->entry && follows(*seen->entry, at) && !thread_.remote()->holds_later_version(purge.key);
      if (!followed) return purge_again(live, purge);
      if (!seen->failure) return on_followed(live, purge);
      // Of a tombstone whose purge was cut short, or from before the purge.
      thread_.remote()->forget_failure(purge.key, [this, purge](const Result<void>& forgotten) {
        guarded([&](CacheCore& still) {
          if (!forgotten) return on_attempted(still, purge, forgotten.error());
          on_followed(still, purge);
        });
      });
    });
  });
}

// Redis needs no tombstone any more.
void KeyPurges::on_followed(CacheCore& core, const Purge& purge) {
  if (auto* current = pending_of(purge); current != nullptr) current->buried = true;
  purge_again(core, purge);
}

void KeyPurges::read_later(CacheCore& core, Readings& readings, const Purge& purge, nanoseconds span) {
  if (readings.size() >= kMost) readings.pop_front();
  readings.push_back({.purge = purge, .due = core.clock.steady() + span});
  arm_readings(core);
}

void KeyPurges::arm_readings(CacheCore& core) {
  auto due = SteadyTime::max();
  for (const auto* readings : {&soon_, &later_}) {
    if (!readings->empty()) due = std::min(due, readings->front().due);
  }
  if (due >= readings_armed_for_) return;
  readings_armed_for_ = SteadyTime::max();  // if after() throws, the next reading arms the timer
  reading_timer_ = thread_.executor().after(std::max(due - core.clock.steady(), nanoseconds(0)), [this] {
    reading_timer_.reset();
    readings_armed_for_ = SteadyTime::max();
    guarded([this](CacheCore& live) { read_due(live); });
  });
  readings_armed_for_ = due;
}

void KeyPurges::read_due(CacheCore& core) {
  const auto now = core.clock.steady();
  for (auto* readings : {&soon_, &later_}) {
    while (!readings->empty() && readings->front().due <= now) {
      const auto purge = std::move(readings->front().purge);
      readings->pop_front();
      read(purge);
    }
  }
  arm_readings(core);
}

// Purges the key again if Redis holds a value from before the purge, and leaves the tombstone again if Redis has lost
// it.
void KeyPurges::read(const Purge& purge) {
  thread_.remote()->read(purge.key, [this, purge](const Result<std::optional<Entry>>& entry) {
    guarded([&](CacheCore& live) {
      if (!entry) return read_later(live, soon_, purge, kSoon);
      if (*entry && ((*entry)->kind == EntryKind::unreadable || follows(**entry, live.wall_of(purge.at)))) return;
      if (purge.again >= kMostRepetitions || pending_.contains(purge.key)) return;
      const Purge again{.key = purge.key, .at = purge.at, .again = purge.again + 1};
      pending_.insert_or_assign(again.key,
                                Pending{.at = again.at, .again = again.again, .announced = !*entry, .trying = true});
      purge_again(live, again);
    });
  });
}

template <class Work>
void KeyPurges::guarded(Work work) {
  const auto core = core_.lock();
  if (!core) return;
  try {
    work(*core);
  } catch (...) {
    observability::log_exception(core->log, "cache", "the repetition of a purge ended with an exception");
    for (auto& [key, pending] : pending_) pending.trying = false;
    if (!pending_.empty()) schedule_retry();
  }
}

}  // namespace wx::cache
