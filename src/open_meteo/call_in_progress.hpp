// One call on its way through the CallPipeline, with what it holds: a slot of the gate and a pass of the breaker.
//
// Thread-safety: none. One thread at a time moves a call on; only turn_answered is shared, see
// CallPipeline::announce_turn().
#pragma once

#include <atomic>
#include <memory>
#include <optional>

#include "base/executor.hpp"
#include "open_meteo/call.hpp"
#include "open_meteo/gate.hpp"
#include "open_meteo/provider_breaker.hpp"

namespace wx::open_meteo {

class CallPipeline;

struct CallInProgress {
  CallInProgress(std::shared_ptr<CallPipeline> owner, Call asked, cache::LoadRequest request,
                 cache::LoadCallback callback)
      : pipeline(std::move(owner)),
        call(std::move(asked)),
        purpose(request.purpose),
        redis_unavailable(request.redis_unavailable),
        start_deadline(request.deadline),
        turn(std::move(request.turn)),
        done(std::move(callback)) {}
  CallInProgress(const CallInProgress&) = delete;
  CallInProgress& operator=(const CallInProgress&) = delete;
  // A call that is dropped before its end gives back what it holds: a Proceed was destroyed without being called. One
  // that has proceeded, and whose continuation was lost, also ends with ErrorKind::internal.
  ~CallInProgress();

  // The pipeline lives as long as any of its calls. Calls that the pipeline itself keeps are dropped by its close().
  const std::shared_ptr<CallPipeline> pipeline;
  Call call;
  const cache::Purpose purpose;
  const bool redis_unavailable;
  const SteadyTime start_deadline;
  std::move_only_function<void(cache::Proceed)> turn;
  cache::LoadCallback done;

  Gate::Ticket ticket = 0;
  bool has_slot = false;
  std::optional<ProviderBreaker::Pass> pass;  // between admission and verdict
  std::atomic<bool> turn_answered = false;    // by the Proceed, or by a `turn` that threw
  bool proceeded = false;                     // its turn was answered with go
  bool sent = false;                          // at least one attempt was made
  bool ended = false;                         // `done` was called, or the call stood down
  SteadyTime call_deadline;                   // of both attempts together
  std::optional<Error> fault;                 // of the first attempt, during the second
  std::unique_ptr<Timer> retry_timer;         // belongs to the executor's thread
};

// Shared between the pipeline, which moves the call on, and whatever it waits for.
using CallPtr = std::shared_ptr<CallInProgress>;

}  // namespace wx::open_meteo
