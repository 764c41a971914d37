#include "app/redis_fleet_budget.hpp"

#include <array>
#include <memory>
#include <utility>

#include "base/text.hpp"

namespace wx::app {

using redis::Reply;

RedisFleetBudget::RedisFleetBudget(redis::Client& client, const cache::RedisTier& tier, Executor& executor,
                                   std::string prefix)
    : client_(client), tier_(tier), executor_(executor), prefix_(std::move(prefix)) {}

void RedisFleetBudget::take(std::span<const open_meteo::FleetWindow> windows, int units, Done done) {
  if (tier_.breaker_open()) return done(fail(ErrorKind::redis_unavailable));
  std::vector<Asked> asked;
  asked.reserve(windows.size());
  for (const auto& window : windows) {
    asked.push_back(
        {cat(prefix_, "weather:", window.key_suffix), cat(window.expires_after.count()), cat(units + window.owed)});
  }
  if (executor_.in_this_thread()) return ask(asked, std::move(done));
  executor_.post([this, asked = std::move(asked), done = std::move(done)]() mutable { ask(asked, std::move(done)); });
}

void RedisFleetBudget::ask(const std::vector<Asked>& windows, Done done) {
  if (windows.empty()) return done(Counts{});
  struct Gathered {
    Counts counts;
    std::optional<Error> error;
    Done done;
    std::size_t left = 0;
  };
  const auto gathered = std::make_shared<Gathered>();
  gathered->done = std::move(done);
  gathered->left = 2 * windows.size();
  const auto reply_to = [gathered](bool count) {
    return [gathered, count](Result<Reply> reply) {
      if (!reply) {
        gathered->error = std::move(reply.error());
      } else if (count) {
        gathered->counts.push_back(reply->integer());
      }
      if (--gathered->left > 0) return;
      if (gathered->error) return gathered->done(std::unexpected(std::move(*gathered->error)));
      gathered->done(std::move(gathered->counts));
    };
  };
  std::vector<std::array<std::string_view, 3>> texts;  // two commands per window; views of them must stay put
  texts.reserve(2 * windows.size());
  std::vector<redis::Command> commands;
  for (const auto& window : windows) {
    commands.push_back(
        {texts.emplace_back(std::array<std::string_view, 3>{"INCRBY", window.key, window.amount}), reply_to(true)});
    commands.push_back(
        {texts.emplace_back(std::array<std::string_view, 3>{"EXPIRE", window.key, window.expiry}), reply_to(false)});
  }
  client_.pipeline(commands);
}

}  // namespace wx::app
