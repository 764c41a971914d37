// The state of one call in the CallPipeline, including the slot of the gate and the pass of the breaker that it holds.
//
// Thread-safety: none. One thread at a time works on a call. Only turn_answered is shared (see
// CallPipeline::announce_turn()).
#pragma once

#include <atomic>
#include <memory>
#include <optional>

#include "base/executor.hpp"
#include "open_meteo/admission.hpp"
#include "open_meteo/call.hpp"
#include "open_meteo/gate.hpp"
#include "open_meteo/provider_address.hpp"
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
        begun(std::move(request.begun)),
        wanting(std::move(request.wanting)),
        done(std::move(callback)) {}
  CallInProgress(const CallInProgress&) = delete;
  CallInProgress& operator=(const CallInProgress&) = delete;
  // Releases the slot and the pass of a call that is dropped before its end, because its Proceed was destroyed without
  // being called. A call that has proceeded, and whose continuation was lost, also ends with ErrorKind::internal.
  ~CallInProgress();

  // Keeps the pipeline alive as long as any of its calls. CallPipeline::close() drops the calls that the pipeline
  // itself holds, which breaks the cycle.
  const std::shared_ptr<CallPipeline> pipeline;
  Call call;
  const cache::Purpose purpose;
  const bool redis_unavailable;
  const SteadyTime start_deadline;
  std::move_only_function<void(cache::Proceed)> turn;
  cache::Begun begun;
  const std::shared_ptr<cache::Wanting> wanting;
  cache::LoadCallback done;

  Gate::Ticket ticket = 0;
  bool has_slot = false;
  std::optional<ProviderBreaker::Pass> pass;  // from admission to the outcome
  std::atomic<bool> turn_answered = false;    // the Proceed was called, or `turn` threw
  bool proceeded = false;                     // its Proceed was called with true
  bool sent = false;                          // at least one attempt was made
  bool asked_again = false;                   // was paid for a second time, see Admission::Payment::ask_again
  bool paying_again = false;                  // during the pause before that
  bool ended = false;                         // `done` was called, or the call was not wanted
  SteadyTime sent_at;                         // the last attempt
  AddressPtr address;                         // where that went, with the key that it carried
  SteadyTime call_deadline;                   // for both attempts together
  std::optional<Error> fault;                 // the first attempt's fault, during the second
  AskedPause asked_pause;                     // by the last reply, if it failed
  std::unique_ptr<Timer> retry_timer;         // used on the executor's thread only
};

// Shared between the pipeline and the callback that the call waits for.
using CallPtr = std::shared_ptr<CallInProgress>;

}  // namespace wx::open_meteo
