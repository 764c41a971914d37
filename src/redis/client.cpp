#include "redis/client.hpp"

#include "redis/server_link.hpp"
#include "redis/common.hpp"

namespace wx::redis {

std::string_view name(State state) {
  switch (state) {
    case State::connecting_first:
      return "connecting";
    case State::up:
      return "up";
    case State::down:
      return "down";
  }
  return "down";
}

class Client::Impl final : public ClientCore {
 public:
  using ClientCore::ClientCore;
};

Client::Client(boost::asio::io_context& context, Executor& executor, Common& common)
    : impl_(std::make_unique<Impl>(context, executor, common)) {}

Client::Client(boost::asio::io_context& context, Executor& executor, const RedisOptions& options, const Clock& clock,
               observability::Metrics& metrics, observability::Log& log)
    : own_common_(std::make_unique<Common>(options, clock, metrics, log)),
      impl_(std::make_unique<Impl>(context, executor, *own_common_)) {}

Client::~Client() {
  stop();
}

void Client::start() {
  impl_->start();
}
void Client::stop() {
  impl_->stop();
}
State Client::state() const {
  return impl_->state();
}
milliseconds Client::command_timeout() const {
  return impl_->command_timeout();
}

bool Client::left_replica() const {
  return impl_->left_replica();
}
bool Client::on_replica() const {
  return impl_->on_replica();
}

void Client::command(std::initializer_list<std::string_view> arguments, Callback done) {
  impl_->command({arguments.begin(), arguments.size()}, std::move(done), PendingQueue::Expect::reply);
}
void Client::command(std::span<const std::string_view> arguments, Callback done) {
  impl_->command(arguments, std::move(done), PendingQueue::Expect::reply);
}
void Client::pipeline(std::span<Command> commands) {
  impl_->pipeline(commands);
}
void Client::subscribe(std::string_view channel, Callback done) {
  const std::string_view arguments[] = {"SUBSCRIBE", channel};
  impl_->command(arguments, std::move(done), PendingQueue::Expect::confirmation);
}

void Client::on_push(std::move_only_function<void(const Reply&)> handler) {
  impl_->push_handler = std::move(handler);
}
void Client::on_connected(std::move_only_function<void()> handler) {
  impl_->connected_handler = std::move(handler);
}
void Client::on_disconnected(std::move_only_function<void()> handler) {
  impl_->disconnected_handler = std::move(handler);
}

}  // namespace wx::redis
