// What the parts of the shell share. Included by tiered_cache_*.cpp only.
#pragma once

#include <string>

#include "cache/tiered_cache_shell.hpp"

namespace wx::cache {

[[nodiscard]] inline Served served_from(const Copy& copy, Tier tier, Outcome outcome, SteadyTime now) {
  Served served;
  served.entry = copy.entry;
  served.tier = tier;
  served.outcome = outcome;
  served.age = copy.age(now);
  return served;
}

// The key of the flight table: one namespace per mode, since a question that may not touch the memory tier must not
// join a flight that fills it. Empty for bypass, which shares nothing.
[[nodiscard]] inline std::string table_key_of(Mode mode, std::string_view key) {
  std::string table_key;
  if (mode == Mode::bypass) return table_key;
  table_key.reserve(key.size() + 1);
  table_key = mode == Mode::normal ? "m" : "r";
  table_key += key;
  return table_key;
}

template <class Event>
void TieredCache::Shell::step(const RunPtr& run, Event event) {
  Actions actions;
  Told told;
  {
    auto& shard = shard_of(run->hash);
    const std::lock_guard lock(shard.mutex);
    actions = event(*run);
    settle(shard, *run, actions, told);
  }
  perform(run, actions, told);
}

}  // namespace wx::cache
