#include "redis/client.hpp"

#include "redis/common.hpp"
#include "redis/server_link.hpp"

namespace wx::redis {
namespace {

std::unique_ptr<ServerLink> link_to(const Url& url, boost::asio::io_context& context, Executor& executor,
                                    Common& common) {
  return std::make_unique<ServerLink>(context, executor, common, url.address, url.credentials, url.database);
}

}  // namespace

Client::Client(boost::asio::io_context& context, Executor& executor, Common& common)
    : database_(common.options().url.database), link_(link_to(common.options().url, context, executor, common)) {}

Client::~Client() {
  stop();
}

void Client::start() {
  link_->start();
}
void Client::stop() {
  link_->stop();
}
void Client::renew(const Credentials& credentials) {
  link_->renew(credentials);
}
ConnectionState Client::state() const {
  return link_->state();
}
milliseconds Client::command_timeout() const {
  return link_->command_timeout();
}
bool Client::left_replica() const {
  return link_->left_replica();
}
bool Client::on_replica() const {
  return link_->on_replica();
}

bool Client::available(std::string_view /*key*/) const {
  return link_->available();
}
bool Client::breaker_open() const {
  return !link_->available();
}
void Client::record(std::string_view /*key*/, const Error* error) {
  link_->record(error);
}

void Client::command(std::initializer_list<Argument> arguments, Callback done) {
  link_->command({arguments.begin(), arguments.size()}, std::move(done), ServerLink::Expect::reply);
}
void Client::command(std::span<const Argument> arguments, Callback done) {
  link_->command(arguments, std::move(done), ServerLink::Expect::reply);
}
void Client::pipeline(std::span<Command> commands) {
  link_->pipeline(commands);
}
void Client::subscribe(std::string_view channel, Callback done) {
  const Argument arguments[] = {"SUBSCRIBE", channel};
  link_->command(arguments, std::move(done), ServerLink::Expect::confirmation);
}

void Client::on_push(std::move_only_function<void(const Reply&)> handler) {
  link_->push_handler = std::move(handler);
}
void Client::on_connected(std::move_only_function<void()> handler) {
  link_->connected_handler = std::move(handler);
}
void Client::on_available(std::move_only_function<void()> handler) {
  link_->on_available(std::move(handler));
}
void Client::on_disconnected(std::move_only_function<void()> handler) {
  link_->disconnected_handler = std::move(handler);
}

}  // namespace wx::redis
