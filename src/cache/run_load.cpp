// The load of a flight: Run calls the loader, answers its turn, and receives its value or failure.
#include <algorithm>
#include <utility>

#include "cache/run.hpp"
#include "observability/log_exception.hpp"

namespace wx::cache {

// Makes a copy of a value that was loaded at `now`. Its age begins when its source was asked, because the value may be
// as old as that. Both dates follow from one reading of the steady clock, so a wall clock that was set during the load
// changes neither. The value gets a later time than the purges that its load has followed, because the clocks of the
// processes differ slightly.
Copy Run::copy_of_loaded(const CacheCore& core, Loaded loaded, WallTime purged_until, SteadyTime now) const {
  const auto born = std::min(loaded.request_time.value_or(now), now);
  auto entry = std::make_shared<Entry>();
  entry->body = std::move(loaded.body);
  entry->content_type = std::move(loaded.content_type);
  entry->etag = std::move(loaded.etag);
  entry->kind = loaded.kind;
  entry->encoding = loaded.encoding;
  entry->decoded_size = loaded.encoding == Encoding::identity ? 0 : loaded.decoded_size;
  entry->content_disposition = std::move(loaded.content_disposition);
  entry->question = question_;
  if (is_negative(loaded.kind)) {
    const auto longest = core.options.memos.refusal;
    const auto asked = loaded.spans.fresh_for;
    entry->spans.fresh_for = asked > milliseconds(0) ? std::min(asked, longest) : longest;
    entry->early_refresh = false;
    entry->decisive = loaded.decisive;
  } else {
    entry->spans = loaded.spans;
    entry->early_refresh = loaded.early_refresh;
  }
  entry->stored_at = core.clock.wall() - std::chrono::ceil<milliseconds>(now - born);
  if (entry->stored_at <= purged_until) entry->stored_at = purged_until + milliseconds(1);
  entry->epoch = load_.epoch;
  return {.entry = std::move(entry), .born = born};
}

WaiterSlot* Run::State::lead() {
  const auto leader = std::ranges::find_if(waiters, &WaiterSlot::leader);
  const bool led = leader != waiters.end();
  if (led && leader->waiter->wanted()) return &*leader;
  const auto other =
      std::ranges::find_if(waiters, [](const WaiterSlot& slot) { return slot.waiter->wanted() && slot.loader; });
  if (other == waiters.end()) return led ? &*leader : nullptr;
  if (led) leader->leader = false;
  other->leader = true;
  return &*other;
}

void Run::load(CacheCore& core) {
  LoadRequest request;
  // Owned here during the call: from within it, the flight may end or get another leader, which drops state.loader.
  std::shared_ptr<Loader> loader;
  {
    auto& shard = core.flights.shard_of(hash_);
    const FlightTable::Locked lock(shard);
    auto& state = state_.with(lock);
    request = load_request(state, core.clock.steady());
    // The flight keeps the loader, because it loads again if another process's load brings no value. The leader may be
    // another one then.
    auto* const leader = state.lead();
    if (leader != nullptr && leader->loader) {
      state.loader = std::make_shared<Loader>(std::move(leader->loader));
    } else if (!state.loader) {
      state.loader = std::make_shared<Loader>(std::move(state.refresh_loader));
    }
    loader = state.loader;
  }
  if (!*loader) return on_loaded(core, fail(ErrorKind::internal, "a flight without a loader"));
  start_load(core);  // proceed() does so again; a loader may also answer without a turn
  const auto self = shared_from_this();
  request.turn = [self = self](Proceed proceed) mutable {
    auto& thread = self->thread_;
    thread.dispatch([self = std::move(self), proceed = std::move(proceed)]() mutable {
      self->guarded([&](CacheCore& live) { self->on_turn(live, std::move(proceed)); });
    });
  };
  request.wanting = self;
  auto done = [self = self](Result<Loaded> result) mutable {
    auto& thread = self->thread_;
    thread.dispatch([self = std::move(self), result = std::move(result)]() mutable {
      self->guarded([&](CacheCore& live) { self->on_loaded(live, std::move(result)); });
    });
  };
  try {
    (*loader)(std::move(request), std::move(done));
  } catch (...) {
    on_loader_exception(core);
  }
}

// Notes the state in which the source is asked.
void Run::start_load(const CacheCore& core) {
  load_.started = core.clock.steady();
  load_.epoch = core.epoch();
  load_.purges = core.purges();
}

LoadRequest Run::load_request(const State& state, SteadyTime now) const {
  const auto& held = state.flight.held();
  const auto freshness = held ? held->copy.freshness(now) : Freshness::gone;
  LoadRequest request;
  request.redis_unavailable = state.flight.redis_unavailable();
  if (state.waiters.empty() || (state.refresh && !state.waited_for())) {
    request.purpose = freshness == Freshness::fresh ? Purpose::early : Purpose::refresh;
    request.deadline = deadline_;
    return request;
  }
  request.purpose = freshness == Freshness::gone ? Purpose::cold : Purpose::revalidate;
  request.for_client = freshness == Freshness::gone || freshness == Freshness::kept || state.flight.forced();
  for (const auto& waiting : state.waiters) {
    request.deadline = std::max(request.deadline, waiting.waiter->limits.deadline);
  }
  return request;
}

void Run::on_turn(CacheCore& core, Proceed proceed) {
  load_.proceed = std::move(proceed);
  const auto now = core.clock.steady();
  step(core, now, [&](State& state) { return state.flight.turn(state.wanted(), now); });
}

bool Run::wanted() {
  const auto core = core_.lock();
  if (!core) return false;
  const FlightTable::Locked lock(core->flights.shard_of(hash_));
  return state_.with(lock).wanted();
}

// Tells the loader whether to ask its source now. After `go` == false, load_.started is the start of the wait for
// another process's load.
void Run::proceed(CacheCore& core, bool go) {
  if (!load_.proceed) return;
  auto proceed = std::exchange(load_.proceed, nullptr);
  start_load(core);
  try {
    proceed(go);
  } catch (...) {
    if (go) return on_loader_exception(core);
    observability::log_exception(core.log, "cache", "a loader threw while its load was cancelled");
  }
}

void Run::on_loader_exception(CacheCore& core) {
  observability::log_exception(core.log, "cache", "a loader threw: the load has failed");
  on_loaded(core, fail(ErrorKind::internal));
}

void Run::on_loaded(CacheCore& core, Result<Loaded> result) {
  const auto now = core.clock.steady();
  step(core, now, [&](State& state) {
    Result<Copy> copy = fail(ErrorKind::internal);
    if (result) {
      copy = copy_of_loaded(core, std::move(*result), state.flight.purged_until(), now);
    } else {
      copy = std::unexpected(std::move(result.error()));
    }
    state.timings.load = now - load_.started;
    // A purge of everything has begun, but has not reached this flight yet.
    if (load_.purges != core.purges()) state.flight.new_epoch();
    const bool others_wait = std::ranges::any_of(state.waiters, [&](const WaiterSlot& waiting) {
      return !waiting.leader && waiting.waiter->wanted() && now < waiting.waiter->limits.deadline;
    });
    return state.flight.loaded(std::move(copy), others_wait, now);
  });
}

}  // namespace wx::cache
