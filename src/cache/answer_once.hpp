// Gives an outcome to a caller exactly once, whatever happens to the code in between.
//
// A reply callback keeps the caller's `done` in one of these. If an exception leaves the callback before it has called
// `done`, destroying the callback ends the caller's request with an `internal` error instead of leaving it waiting.
//
// Thread-safety: none.
#pragma once

#include <functional>
#include <utility>

#include "base/error.hpp"

namespace wx::cache {

template <class Value>
class AnswerOnce {
 public:
  using Done = std::move_only_function<void(Result<Value>)>;

  explicit AnswerOnce(Done done) : done_(std::move(done)) {}
  AnswerOnce(AnswerOnce&& other) noexcept : done_(std::exchange(other.done_, nullptr)) {}
  AnswerOnce(const AnswerOnce&) = delete;
  AnswerOnce& operator=(const AnswerOnce&) = delete;
  AnswerOnce& operator=(AnswerOnce&&) = delete;
  ~AnswerOnce() {
    if (!done_) return;
    try {
      done_(fail(ErrorKind::internal));
    } catch (...) {  // NOLINT(bugprone-empty-catch)
      // `done` was called, which is all that is promised. The exception before it is on its way to the log.
    }
  }

  // Once.
  void operator()(Result<Value> outcome) { std::exchange(done_, nullptr)(std::move(outcome)); }

 private:
  Done done_;
};

}  // namespace wx::cache
