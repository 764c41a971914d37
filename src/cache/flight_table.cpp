#include "cache/flight_table.hpp"

#include <algorithm>

#include "cache/run.hpp"

namespace wx::cache {

std::string table_key_of(Mode mode, std::string_view key) {
  std::string table_key;
  if (mode == Mode::bypass) return table_key;
  table_key.reserve(key.size() + 1);
  table_key = mode == Mode::normal ? "m" : "r";  // m: memory and Redis, r: Redis only
  table_key += key;
  return table_key;
}

RunPtr FlightTable::Shard::find(const std::string& table_key) const {
  const auto found = runs.find(table_key);
  return found == runs.end() ? nullptr : found->second;
}

void FlightTable::Shard::insert(const RunPtr& run) {
  runs.emplace(run->table_key(), run);
}

void FlightTable::Shard::erase(const Run& run) {
  const auto found = runs.find(run.table_key());
  if (found != runs.end() && found->second.get() == &run) runs.erase(found);
}

FlightTable::FlightTable(MemoOptions memos) {
  memos.limit = std::max<std::size_t>(1, memos.limit / kShards);
  memos.bytes /= kShards;
  for (auto& shard : shards_) shard = std::make_unique<Shard>(memos);
}

std::size_t FlightTable::size() const {
  std::size_t sum = 0;
  for (const auto& shard : shards_) {
    const Locked lock(*shard);
    sum += shard->runs.size();
  }
  return sum;
}

std::vector<RunPtr> FlightTable::flights_of(std::string_view key, std::uint64_t hash) {
  std::vector<RunPtr> flights;
  auto& shard = shard_of(hash);
  for (const auto mode : kSharedModes) {
    const auto table_key = table_key_of(mode, key);
    const Locked lock(shard);
    if (auto run = shard.find(table_key)) flights.push_back(std::move(run));
  }
  return flights;
}

std::vector<RunPtr> FlightTable::all() const {
  std::vector<RunPtr> flights;
  for (const auto& shard : shards_) {
    const Locked lock(*shard);
    for (const auto& [key, run] : shard->runs) flights.push_back(run);
  }
  return flights;
}

}  // namespace wx::cache
