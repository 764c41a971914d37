#include "http_server/exchange.hpp"

namespace wx::http_server {

Responder& Responder::operator=(Responder&& other) noexcept {
  if (this != &other) {
    if (channel_) std::exchange(channel_, nullptr)->abandon();
    channel_ = std::move(other.channel_);
  }
  return *this;
}

Responder::~Responder() {
  if (channel_) channel_->abandon();
}

void Responder::respond(int status, std::string_view headers, std::initializer_list<BodyPart> body) {
  if (const auto channel = std::exchange(channel_, nullptr)) channel->respond(status, headers, body);
}

}  // namespace wx::http_server
