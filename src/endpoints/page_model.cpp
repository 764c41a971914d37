#include "endpoints/page_model.hpp"

#include "endpoints/language.hpp"

namespace wx::endpoints {

using cache::Mode;
using cache::Outcome;
using cache::Tier;
using pages::StopState;

pages::PageModel page_model(const Context& context, const http_server::Request& request) {
  const auto choice = choose_language(request);
  pages::PageModel model;
  model.language = choice.language;
  model.explicit_language = choice.chosen;
  model.lab = context.options.query.lab;
  model.redis = context.options.query.redis;
  model.mock_delay = context.options.mock_delay;
  model.version = context.options.version;
  return model;
}

pages::ReadPath read_path(const cache::Served& served, bool redis_configured, Mode mode, nanoseconds total) {
  const auto took = [](nanoseconds span) {
    return span >= nanoseconds(0) ? std::optional(span) : std::optional<nanoseconds>();
  };
  const auto redis = took(served.timings.redis);
  pages::ReadPath path;
  path.total = total;
  path.memory.state = mode == Mode::normal ? StopState::passed : StopState::skipped;
  path.redis = {redis ? StopState::passed : StopState::skipped, redis};
  path.provider = {StopState::skipped, took(served.timings.load)};
  switch (served.tier) {
    case Tier::memory:
      path.memory = {StopState::answered, total};
      break;
    case Tier::redis:
      path.redis.state = StopState::answered;
      break;
    case Tier::loader:
      path.provider.state = served.outcome == Outcome::collapsed ? StopState::waited : StopState::answered;
      break;
  }
  if (served.redis_unavailable) path.redis.state = StopState::failed;
  if (!redis_configured) path.redis = {StopState::off, std::nullopt};
  return path;
}

}  // namespace wx::endpoints
