#include "base/asio_executor.hpp"

#include "base/async.hpp"

namespace wx {
namespace {

void run_guarded(std::move_only_function<void()>& work, const OnException& on_exception) {
  if (!on_exception) return work();
  try {
    work();
  } catch (...) {
    on_exception();
  }
}

class AsioTimer final : public Timer {
 public:
  AsioTimer(asio::io_context& context, nanoseconds delay, std::move_only_function<void()> work,
            const OnException& on_exception)
      : state_(std::make_shared<State>(asio::steady_timer(context), std::move(work))) {
    state_->timer.expires_after(delay);
    state_->timer.async_wait([state = state_, &on_exception](error_code error) {
      // cancel() comes too late for a handler that is already queued: the destructor has then cleared `work`.
      if (error || !state->work) return;
      // Moved out first, because the callback may destroy its own timer.
      auto work_now = std::exchange(state->work, nullptr);
      run_guarded(work_now, on_exception);
    });
  }
  ~AsioTimer() override {
    state_->work = nullptr;
    state_->timer.cancel();
  }

 private:
  struct State {
    State(asio::steady_timer t, std::move_only_function<void()> w) : timer(std::move(t)), work(std::move(w)) {}
    asio::steady_timer timer;
    std::move_only_function<void()> work;
  };
  std::shared_ptr<State> state_;
};

class AsioExecutor final : public Executor {
 public:
  AsioExecutor(asio::io_context& context, OnException on_exception)
      : context_(context), on_exception_(std::move(on_exception)) {}

  void post(std::move_only_function<void()> work) override {
    asio::post(context_, [this, work = std::move(work)]() mutable { run_guarded(work, on_exception_); });
  }

  std::unique_ptr<Timer> after(nanoseconds delay, std::move_only_function<void()> work) override {
    return std::make_unique<AsioTimer>(context_, delay, std::move(work), on_exception_);
  }

  [[nodiscard]] bool in_this_thread() const override { return context_.get_executor().running_in_this_thread(); }

 private:
  asio::io_context& context_;
  const OnException on_exception_;
};

}  // namespace

std::unique_ptr<Executor> make_asio_executor(boost::asio::io_context& context, OnException on_exception) {
  return std::make_unique<AsioExecutor>(context, std::move(on_exception));
}

}  // namespace wx
