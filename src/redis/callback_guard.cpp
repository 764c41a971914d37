#include "redis/callback_guard.hpp"

#include "base/text.hpp"
#include "observability/log_exception.hpp"

namespace wx::redis {
namespace {

// Bounds the memory for reasons that contain changing values.
constexpr std::size_t kMostReported = 64;

}  // namespace

void CallbackGuard::report(std::string_view sentence) noexcept {
  try {
    const std::string reason = observability::text_of_exception();
    {
      const Lock lock(mutex_);
      if (reported_.size() >= kMostReported || !reported_.insert(cat(sentence, ": ", reason)).second) return;
    }
    log_.error("redis", sentence, {{"reason", reason}});
  } catch (...) {  // NOLINT(bugprone-empty-catch): without memory the line is lost, and the exception still ends here
  }
}

}  // namespace wx::redis
