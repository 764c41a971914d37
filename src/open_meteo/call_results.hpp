// Records the results of provider calls: a counter per result, and a log line when the result changes (from success to
// a fault, from one fault to another, back to success), not one per call.
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

  // Records the end of one attempt; `fault` is null for a success. A fault that is not the provider's has no counter,
  // and draining is not logged either. A refused query (400) and any other fault of one query alone say nothing of the
  // provider, so they are no change and are logged at level debug only.
  void note(const Error* fault);

 private:
  // Stores the result of an attempt (empty: success), and returns true if the previous result was different.
  [[nodiscard]] bool changed(std::optional<ErrorKind> fault);

  observability::Metrics& metrics_;
  observability::Log& log_;
  Mutex mutex_;
  std::optional<ErrorKind> last_fault_ WX_GUARDED_BY(mutex_);
};

}  // namespace wx::open_meteo
