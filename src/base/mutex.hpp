// A mutex whose use the compiler checks: clang's thread safety analysis (-Wthread-safety) knows which data a Mutex
// guards and refuses code that touches it without the lock. See
// https://clang.llvm.org/docs/ThreadSafetyAnalysis.html for what the annotations mean; other compilers ignore them.
//
//   Mutex mutex_;
//   std::vector<Task> tasks_ WX_GUARDED_BY(mutex_);
//
//   void add(Task task) {
//     const Lock lock(mutex_);
//     tasks_.push_back(std::move(task));
//   }
//
// std::mutex and std::lock_guard would do, but libstdc++ does not annotate them.
//
// Thread-safety: everything from any thread.
#pragma once

#include <condition_variable>
#include <mutex>

#include "base/clock.hpp"

#ifdef __clang__
#define WX_THREAD_ANNOTATION(x) __attribute__((x))
#else
#define WX_THREAD_ANNOTATION(x)
#endif

// Data that may be read and written only while the mutex is held.
#define WX_GUARDED_BY(mutex) WX_THREAD_ANNOTATION(guarded_by(mutex))
// A pointer to such data; the pointer itself may be used without the mutex.
#define WX_PT_GUARDED_BY(mutex) WX_THREAD_ANNOTATION(pt_guarded_by(mutex))
// A function that may be called only while holding the mutex.
#define WX_REQUIRES(...) WX_THREAD_ANNOTATION(requires_capability(__VA_ARGS__))
// A function that must not be called while holding the mutex, because it locks it itself.
#define WX_EXCLUDES(...) WX_THREAD_ANNOTATION(locks_excluded(__VA_ARGS__))
// A function that returns a reference to the mutex.
#define WX_RETURN_CAPABILITY(mutex) WX_THREAD_ANNOTATION(lock_returned(mutex))

namespace wx {

class WX_THREAD_ANNOTATION(capability("mutex")) Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void lock() WX_THREAD_ANNOTATION(acquire_capability()) { mutex_.lock(); }
  void unlock() WX_THREAD_ANNOTATION(release_capability()) { mutex_.unlock(); }

 private:
  friend class ConditionVariable;
  std::mutex mutex_;
};

// Holds a mutex for as long as it lives.
class WX_THREAD_ANNOTATION(scoped_lockable) Lock {
 public:
  explicit Lock(Mutex& mutex) WX_THREAD_ANNOTATION(acquire_capability(mutex)) : mutex_(mutex) { mutex_.lock(); }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;
  ~Lock() WX_THREAD_ANNOTATION(release_capability()) { mutex_.unlock(); }

 private:
  Mutex& mutex_;
};

// Waits for a change of the data that a Mutex guards. The caller re-checks its condition in a loop: a wake-up may be
// spurious.
class ConditionVariable {
 public:
  void notify_one() { condition_.notify_one(); }
  void notify_all() { condition_.notify_all(); }

  // Releases the mutex while waiting and holds it again when this returns.
  void wait(Mutex& mutex) WX_REQUIRES(mutex) {
    std::unique_lock held(mutex.mutex_, std::adopt_lock);
    condition_.wait(held);
    held.release();
  }
  // The same, for at most `limit`. Returns false if the time ran out.
  bool wait_for(Mutex& mutex, nanoseconds limit) WX_REQUIRES(mutex) {
    std::unique_lock held(mutex.mutex_, std::adopt_lock);
    const bool notified = condition_.wait_for(held, limit) == std::cv_status::no_timeout;
    held.release();
    return notified;
  }

 private:
  std::condition_variable condition_;
};

}  // namespace wx
