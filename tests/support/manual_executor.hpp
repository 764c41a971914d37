// An executor whose timers follow the test's clock, and that runs nothing until the test says so.
//
// Thread-safety: none. With a real executor behind it, everything but post() belongs to that executor's thread.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <stdexcept>
#include <utility>

#include "base/executor.hpp"
#include "support/fake_clock.hpp"

namespace wx::test {

class ManualExecutor final : public Executor {
 public:
  explicit ManualExecutor(FakeClock& clock) : clock_(clock) {}
  // Posted work runs on `real` without waiting for the test. Only the timers are manual.
  ManualExecutor(FakeClock& clock, Executor& real) : clock_(clock), real_(&real) {}
  // Work that never came due may own timers of this executor. They find an empty list when they are destroyed.
  ~ManualExecutor() override {
    const auto posted = std::exchange(posted_, {});
    const auto timers = std::exchange(timers_, {});
  }

  void post(std::move_only_function<void()> work) override {
    if (real_ != nullptr) return real_->post(std::move(work));
    posted_.push_back(std::move(work));
  }

  std::unique_ptr<Timer> after(nanoseconds delay, std::move_only_function<void()> work) override {
    if (fail_timer_ > 0 && --fail_timer_ == 0) throw std::runtime_error("no timer");
    auto timer = std::make_unique<ManualTimer>(*this);
    timers_.emplace(clock_.steady() + delay, Pending{timer.get(), std::move(work)});
    return timer;
  }

  // Makes the nth call of after() from now on throw, once.
  void fail_timer(int nth) { fail_timer_ = nth; }

  // True without a real executor. A test that plays two threads sets it to false for the one that is not running.
  [[nodiscard]] bool in_this_thread() const override { return real_ != nullptr ? real_->in_this_thread() : here_; }
  void set_in_this_thread(bool here) { here_ = here; }

  // Runs the posted work, and the work that it posts.
  void run_posted() {
    while (!posted_.empty()) {
      auto work = std::move(posted_.front());
      posted_.pop_front();
      work();
    }
  }

  // Moves the clock by `span`, timer by timer, and runs each timer and all posted work as they become due.
  void advance(nanoseconds span) {
    const auto end = clock_.steady() + span;
    run_posted();
    while (!timers_.empty() && timers_.begin()->first <= end) {
      if (timers_.begin()->first > clock_.steady()) clock_.advance(timers_.begin()->first - clock_.steady());
      auto work = std::move(timers_.begin()->second.work);
      timers_.erase(timers_.begin());
      work();
      run_posted();
    }
    if (end > clock_.steady()) clock_.advance(end - clock_.steady());
  }

  // Runs every timer that is due by now, for a test that moves the clock itself.
  void run_due() { advance(nanoseconds(0)); }

  [[nodiscard]] std::size_t timers() const { return timers_.size(); }
  [[nodiscard]] std::size_t posted() const { return posted_.size(); }

 private:
  class ManualTimer final : public Timer {
   public:
    explicit ManualTimer(ManualExecutor& executor) : executor_(executor) {}
    ~ManualTimer() override {
      std::erase_if(executor_.timers_, [this](const auto& pending) { return pending.second.timer == this; });
    }

   private:
    ManualExecutor& executor_;
  };
  struct Pending {
    Timer* timer;
    std::move_only_function<void()> work;
  };

  FakeClock& clock_;
  Executor* const real_ = nullptr;
  std::deque<std::move_only_function<void()>> posted_;
  std::multimap<SteadyTime, Pending> timers_;
  bool here_ = true;
  int fail_timer_ = 0;
};

}  // namespace wx::test
