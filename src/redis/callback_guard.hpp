// Calls the callbacks of the client's users. An exception in one of them is a bug of its owner: it ends here with a
// line in the log, so that the other commands and the connection go on.
//
// Thread-safety: everything from any thread.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "base/mutex.hpp"
#include "observability/log.hpp"

namespace wx::redis {

class CallbackGuard {
 public:
  // `log` must outlive the guard.
  explicit CallbackGuard(observability::Log& log) : log_(log) {}
  CallbackGuard(const CallbackGuard&) = delete;
  CallbackGuard& operator=(const CallbackGuard&) = delete;

  // Calls `work`. `sentence` is the log line for an exception, such as "a reply callback threw"; each sentence and
  // reason is logged once.
  template <class Work>
  void operator()(std::string_view sentence, Work&& work) noexcept {
    try {
      std::forward<Work>(work)();
    } catch (...) {
      report(sentence);
    }
  }

 private:
  // Call it in a catch block.
  void report(std::string_view sentence) noexcept;

  observability::Log& log_;
  Mutex mutex_;
  std::set<std::string, std::less<>> reported_ WX_GUARDED_BY(mutex_);
};

inline constexpr std::string_view kReplyCallbackThrew = "a reply callback threw";

}  // namespace wx::redis
