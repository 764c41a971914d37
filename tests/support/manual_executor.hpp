// An executor that runs nothing until the test says so; its timers go by the test's clock. For one thread.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <utility>

#include "base/executor.hpp"
#include "support/fake_clock.hpp"

namespace wx::test {

class ManualExecutor final : public Executor {
 public:
  explicit ManualExecutor(FakeClock& clock) : clock_(clock) {}
  // What never came due may own timers of this executor: they find an empty list when they go.
  ~ManualExecutor() override {
    const auto posted = std::exchange(posted_, {});
    const auto timers = std::exchange(timers_, {});
  }

  void post(std::move_only_function<void()> work) override { posted_.push_back(std::move(work)); }

  std::unique_ptr<Timer> after(nanoseconds delay, std::move_only_function<void()> work) override {
    auto timer = std::make_unique<ManualTimer>(*this);
    timers_.emplace(clock_.steady() + delay, Pending{timer.get(), std::move(work)});
    return timer;
  }

  // True by default; a test that plays two threads says false for the one that is not running.
  [[nodiscard]] bool in_this_thread() const override { return here_; }
  void set_in_this_thread(bool here) { here_ = here; }

  // Runs what was posted, and what that posts.
  void run_posted() {
    while (!posted_.empty()) {
      auto work = std::move(posted_.front());
      posted_.pop_front();
      work();
    }
  }

  // Time passes, timer by timer, with everything run that becomes due.
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

  // Runs every timer that is due by the clock as it stands, for a test that moves the clock itself.
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
  std::deque<std::move_only_function<void()>> posted_;
  std::multimap<SteadyTime, Pending> timers_;
  bool here_ = true;
};

}  // namespace wx::test
