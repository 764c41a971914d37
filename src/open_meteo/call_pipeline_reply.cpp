// What the pipeline does with a reply: reads it, takes the times from its header, and explains its fault.
#include <algorithm>
#include <utility>

#include "base/secret.hpp"
#include "base/text.hpp"
#include "open_meteo/call_pipeline.hpp"
#include "open_meteo/refusal.hpp"
#include "open_meteo/reply_times.hpp"
#include "open_meteo/thrown.hpp"

namespace wx::open_meteo {

Result<cache::Loaded> CallPipeline::read(CallInProgress& call, Result<Reply> reply) {
  call.asked_pause = {};
  Result<cache::Loaded> outcome = fail(ErrorKind::internal);
  if (!reply) {
    outcome = std::unexpected(std::move(reply.error()));
  } else {
    if (!reply->body_fault) metrics_.observe(observability::Timing::provider, reply->duration);
    try {
      outcome = read_reply(call, *std::move(reply));
    } catch (...) {
      return std::unexpected(thrown(log_, "an exception while reading a reply"));
    }
  }
  results_.note(outcome ? nullptr : &outcome.error());
  return outcome;
}

Result<cache::Loaded> CallPipeline::read_reply(CallInProgress& call, Reply reply) {
  const auto now = now_of(clock_);
  AttemptTimes times{.sent = now.wall - std::chrono::ceil<milliseconds>(now.steady - call.sent_at),
                     .received = now.wall};
  times.ahead = clock_ahead(reply, times.sent, times.received);
  const auto asked = pause_asked(reply, now.wall);
  // The limit is the call's own, and not the client's for all calls.
  const bool cut_at_limit = reply.body_fault && reply.body_fault->of_query && call.call.max_body != 0;
  auto outcome = reply.body_fault ? std::unexpected(incomplete(reply, times.received_there()))
                                  : call.call.read(std::move(reply), times);
  if (outcome) {
    hide_key(*outcome, call.address->api_key);
    if (times.ahead) provider_clock_.note(*times.ahead, now.steady);
    return outcome;
  }
  Error& fault = outcome.error();
  if (cut_at_limit && fault.provider_status == 200) {
    append(fault.detail, cat(": it has more than ", call.call.max_body, " bytes (RESPONSE_LIMIT)"));
  }
  call.asked_pause = {
      .span = asked,
      .too_many_at_once = fault.kind == ErrorKind::provider_limited && is_about_concurrency(fault.detail)};
  explain(fault, call.address->api_key);
  if (asked) fault.retry_after = std::max(fault.retry_after.value_or(milliseconds(0)), *asked);
  return outcome;
}

// A rejection in the provider's own bytes may repeat the API key that the call carried.
void CallPipeline::hide_key(cache::Loaded& outcome, const std::string& key) {
  if (outcome.kind != cache::EntryKind::refusal || !repeats_secret(outcome.body, key)) return;
  outcome.body = "{\"error\":true,\"reason\":\"the provider answered with status 400\"}";
}

void CallPipeline::explain(Error& fault, const std::string& key) {
  // A reason is shown to clients and logged, so one that repeats the API key is replaced. It is cut after that, because
  // a key that is cut with it is not found.
  fault.detail = repeats_secret(fault.detail, key) ? cat("the provider answered with status ", fault.provider_status)
                                                   : shortened(fault.detail);
  if (fault.body && repeats_secret(*fault.body, key)) fault.body = nullptr;
  if (fault.kind == ErrorKind::provider_denied) {
    fault.detail = cat(!key.empty() ? "with the API key of this service: " : "without an API key: ", fault.detail);
  }
}

}  // namespace wx::open_meteo
