#include "endpoints/page_model.hpp"

#include "endpoints/headers.hpp"
#include "endpoints/language.hpp"

namespace wx::endpoints {

using cache::Mode;
using cache::Outcome;
using cache::Tier;
using pages::StopState;

Tiers tiers_of(const Context& context) {
  return {.memory = context.options.memory, .redis = context.options.query.redis};
}

pages::PageModel page_model(const Context& context, const http_server::Request& request) {
  const auto choice = choose_language(request);
  pages::PageModel model;
  model.language = choice.language;
  model.explicit_language = choice.chosen;
  model.lab = context.options.query.lab;
  const auto tiers = tiers_of(context);
  model.memory = tiers.memory;
  model.redis = tiers.redis;
  model.redis_outage = context.outage != nullptr;
  model.mock_delay = context.options.mock_delay;
  model.mock_fresh_for = context.options.mock_fresh_for;
  model.request_timeout = context.options.request_timeout;
  model.version = context.options.version;
  model.public_url = context.options.public_url;
  return model;
}

namespace {

StopState memory_state(const cache::Served& served, Mode mode) {
  if (served.tier == Tier::memory) return StopState::answered;
  const bool asked = mode == Mode::normal && served.outcome != Outcome::forced && served.outcome != Outcome::bypass;
  return asked ? StopState::passed : StopState::skipped;
}

StopState redis_state(const cache::Served& served, const cache::Timings& took) {
  if (served.redis_unavailable) return StopState::failed;
  if (served.tier == Tier::redis) return StopState::answered;
  if (took.redis < nanoseconds(0)) return StopState::skipped;
  // The soft timeout ended the wait before the load began.
  const bool waited_for = served.outcome == Outcome::soft_timeout && took.load < nanoseconds(0);
  return waited_for ? StopState::slow : StopState::passed;
}

StopState provider_state(const cache::Served& served, const cache::Timings& took) {
  switch (served.outcome) {
    case Outcome::hit:
    case Outcome::stale_while_revalidate:
      return StopState::skipped;
    case Outcome::stale_if_error:
      return took.load < nanoseconds(0) ? StopState::spared : StopState::failed;
    case Outcome::soft_timeout:
      return took.load < nanoseconds(0) ? StopState::skipped : StopState::slow;
    case Outcome::collapsed:
    case Outcome::lease:
      return StopState::waited;
    case Outcome::miss:
    case Outcome::revalidated:
    case Outcome::forced:
    case Outcome::bypass:
      return StopState::answered;
  }
  return StopState::skipped;
}

}  // namespace

// web/path.js derives the same path from an answer's headers. tests/unit/endpoints/read_paths.json checks both against
// one table.
pages::ReadPath read_path(const cache::Served& served, Tiers tiers, Mode mode, nanoseconds total) {
  const auto split = split_of(served, total);
  const auto took = [](nanoseconds span) {
    return span >= nanoseconds(0) ? std::optional(span) : std::optional<nanoseconds>();
  };
  pages::ReadPath path;
  path.total = total;
  path.memory = {memory_state(served, mode), took(served.tier == Tier::memory ? split.cache : nanoseconds(-1))};
  path.redis = {redis_state(served, split.stops), took(split.stops.redis)};
  path.provider = {provider_state(served, split.stops), took(split.stops.load)};
  if (!tiers.memory) path.memory = {StopState::off, std::nullopt};
  if (!tiers.redis) path.redis = {StopState::off, std::nullopt};
  return path;
}

namespace {

bool refused_by_client_limit(const Error& error) {
  return error.kind == ErrorKind::client_limited || error.kind == ErrorKind::mock_limited;
}

// Whether the provider answered this time. Its answer has a status; a pause or a budget of our own has none.
bool has_answered(const Error& error) {
  return error.provider_status != 0 && !error.remembered;
}

StopState failed_provider_state(const Error& error) {
  switch (error.kind) {
    case ErrorKind::provider_refused:
    case ErrorKind::provider_limited:
    case ErrorKind::provider_denied:
      return has_answered(error) ? StopState::refused : StopState::spared;
    case ErrorKind::provider_error:
      return has_answered(error) ? StopState::failed : StopState::spared;
    case ErrorKind::provider_unreachable:
    case ErrorKind::provider_timeout:
    case ErrorKind::provider_bad_reply:
      return error.remembered ? StopState::spared : StopState::failed;
    case ErrorKind::deadline_exceeded:
      return StopState::slow;
    case ErrorKind::not_cached:
    case ErrorKind::cache_unavailable:
      return StopState::skipped;
    default:
      return StopState::spared;
  }
}

}  // namespace

bool asked_redis(const Error& error, Mode mode) {
  return mode != Mode::bypass && !error.remembered && !refused_by_client_limit(error);
}

std::optional<pages::ReadPath> failed_path(const Error& error, Tiers tiers, Mode mode, bool redis_down,
                                           nanoseconds total) {
  if (error.kind == ErrorKind::internal || error.kind == ErrorKind::draining) return std::nullopt;
  pages::ReadPath path;
  path.total = total;
  path.memory.state = mode == Mode::normal ? StopState::passed : StopState::skipped;
  const bool redis_failed = redis_down || error.kind == ErrorKind::cache_unavailable;
  path.redis.state = !asked_redis(error, mode) ? StopState::skipped
                     : redis_failed            ? StopState::failed
                                               : StopState::passed;
  path.provider.state = failed_provider_state(error);
  if (!tiers.memory) path.memory.state = StopState::off;
  if (!tiers.redis) path.redis.state = StopState::off;
  return path;
}

}  // namespace wx::endpoints
