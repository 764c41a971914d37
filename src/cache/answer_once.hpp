// Guarantees that a callback receives a result exactly once, even if an exception interrupts the code that should call
// it.
//
// A reply callback holds the caller's `done` in this object. If the callback is destroyed before it has called `done`,
// after an exception or unused, the destructor calls `done` with ErrorKind::internal, so that the caller does not wait
// forever.
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
      // `done` was called, which fulfils the contract. The exception that led here is logged where it is caught.
    }
  }

  // Call it at most once; a second call is undefined.
  void operator()(Result<Value> result) { std::exchange(done_, nullptr)(std::move(result)); }

 private:
  Done done_;
};

}  // namespace wx::cache
