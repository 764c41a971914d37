// The results of provider calls: a counter per result, and a log line when the result changes (from answers to a
// fault, from one fault to another, back to answers), never one per call.
//
// Thread-safety: any thread.
#pragma once

#include <optional>

#include "base/error.hpp"
#include "base/mutex.hpp"
#include "observability/log.hpp"
#include "observability/metrics.hpp"

namespace wx::open_meteo {

class CallResults {
 public:
  CallResults(observability::Metrics& metrics, observability::Log& log) : metrics_(metrics), log_(log) {}

  // One attempt ended; `fault` is null for an answer. A fault that is not the provider's counts nowhere, and
  // draining is not logged either. A refused question (400) shows that the provider works: it is logged at level debug
  // only.
  void note(const Error* fault);

 private:
  // Whether the last attempt ended differently; empty: with an answer.
  [[nodiscard]] bool changed(std::optional<ErrorKind> fault);

  observability::Metrics& metrics_;
  observability::Log& log_;
  Mutex mutex_;
  std::optional<ErrorKind> last_fault_ WX_GUARDED_BY(mutex_);
};

}  // namespace wx::open_meteo
