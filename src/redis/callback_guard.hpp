// Calls the callbacks of the client's users. An exception in one of them is a bug of its owner: it ends here with a
// line in the log, so that the other commands and the connection go on.
//
// Thread-safety: everything from any thread.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.hpp"
#include "base/mutex.hpp"
#include "observability/log.hpp"
#include "redis/reply.hpp"

namespace wx::redis {

inline constexpr std::string_view kReplyCallbackThrew = "a reply callback threw";

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

  // Calls a reply callback with an error. The error is made inside the guard: one that cannot be made costs this
  // callback, not those that follow it.
  void fail(Callback done, ErrorKind kind, std::string_view detail) noexcept {
    (*this)(kReplyCallbackThrew, [&] { done(wx::fail(kind, std::string(detail))); });
  }

 private:
  // Call it in a catch block.
  void report(std::string_view sentence) noexcept;

  observability::Log& log_;
  Mutex mutex_;
  std::set<std::string, std::less<>> reported_ WX_GUARDED_BY(mutex_);
};

}  // namespace wx::redis
