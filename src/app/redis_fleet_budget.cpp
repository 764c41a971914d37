#include "app/redis_fleet_budget.hpp"

#include <array>
#include <memory>
#include <utility>

#include "base/text.hpp"
#include "cache/redis_keys.hpp"

namespace wx::app {

using redis::Reply;

RedisFleetBudget::RedisFleetBudget(redis::Client& client, Executor& executor, std::string prefix)
    : client_(client), executor_(executor), prefix_(std::move(prefix)) {}

void RedisFleetBudget::take(std::span<const open_meteo::FleetWindow> windows, int units, Done done) {
  std::vector<Counter> counters;
  counters.reserve(windows.size());
  for (const auto& window : windows) {
    counters.push_back({.key = cache::budget_key(prefix_, window.key_suffix),
                        .expiry = cat(window.expires_after.count()),
                        .amount = cat(units + window.owed)});
    if (!client_.available(counters.back().key)) return done(fail(ErrorKind::redis_unavailable));
  }
  if (executor_.in_this_thread()) return count(counters, std::move(done));
  executor_.post(
      [this, counters = std::move(counters), done = std::move(done)]() mutable { count(counters, std::move(done)); });
}

void RedisFleetBudget::count(const std::vector<Counter>& counters, Done done) {
  if (counters.empty()) return done(Counts{});
  struct Gathered {
    Counts counts;
    std::optional<Error> error;
    Done done;
    std::size_t left = 0;
  };
  const auto gathered = std::make_shared<Gathered>();
  gathered->done = std::move(done);
  gathered->left = 2 * counters.size();
  const auto reply_to = [gathered](bool is_count) {
    return [gathered, is_count](Result<Reply> reply) {
      if (!reply) {
        gathered->error = std::move(reply.error());
      } else if (is_count) {
        gathered->counts.push_back(reply->integer());
      }
      if (--gathered->left > 0) return;
      if (gathered->error) return gathered->done(std::unexpected(std::move(*gathered->error)));
      gathered->done(std::move(gathered->counts));
    };
  };
  using Arguments = std::array<redis::Argument, 3>;
  std::vector<Arguments> texts;
  texts.reserve(2 * counters.size());  // the commands hold views into it
  std::vector<redis::Command> commands;
  for (const auto& counter : counters) {
    commands.push_back(
        {.arguments = texts.emplace_back(Arguments{"INCRBY", counter.key, counter.amount}), .done = reply_to(true)});
    commands.push_back(
        {.arguments = texts.emplace_back(Arguments{"EXPIRE", counter.key, counter.expiry}), .done = reply_to(false)});
  }
  client_.pipeline(commands);
}

}  // namespace wx::app
