#include "base/asio_executor.hpp"

#include "base/async.hpp"

namespace wx {
namespace {

class AsioTimer final : public Timer {
 public:
  AsioTimer(asio::io_context& context, nanoseconds delay, std::move_only_function<void()> work)
      : state_(std::make_shared<State>(asio::steady_timer(context), std::move(work))) {
    state_->timer.expires_after(delay);
    state_->timer.async_wait([state = state_](error_code error) {
      if (error || !state->work) return;
      auto work_now = std::exchange(state->work, nullptr);
      work_now();
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
  explicit AsioExecutor(asio::io_context& context) : context_(context) {}

  void post(std::move_only_function<void()> work) override { asio::post(context_, std::move(work)); }

  std::unique_ptr<Timer> after(nanoseconds delay, std::move_only_function<void()> work) override {
    return std::make_unique<AsioTimer>(context_, delay, std::move(work));
  }

  [[nodiscard]] bool in_this_thread() const override { return context_.get_executor().running_in_this_thread(); }

 private:
  asio::io_context& context_;
};

}  // namespace

std::unique_ptr<Executor> make_asio_executor(boost::asio::io_context& context) {
  return std::make_unique<AsioExecutor>(context);
}

}  // namespace wx
