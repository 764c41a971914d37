// One part of a response's body as a handler passes it to respond(): a text, which the server copies, or a Body or a
// slice of one, which the server keeps by reference if it is large.
//
// Thread-safety: a view for the duration of one call; the bytes and the Body it refers to must outlive that call.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/body.hpp"

namespace wx::http_server {

class BodyPart {
 public:
  // Below this size a copy is cheaper than one more piece in the write.
  static constexpr std::size_t kSmallestKept = std::size_t{16} * 1024;

  // NOLINTBEGIN(google-explicit-constructor): a list of parts is written as a list of texts and bodies
  BodyPart(std::string_view text) : text_(text) {}
  BodyPart(const char* text) : text_(text) {}
  BodyPart(const std::string& text) : text_(text) {}
  BodyPart(const Body& body) : text_(body.view()), owner_(&body) {}
  // NOLINTEND(google-explicit-constructor)
  // A slice: `text` must lie within `owner`. Unlike Body::slice(), it costs no reference count unless it is kept.
  BodyPart(const Body& owner, std::string_view text) : text_(text), owner_(&owner) {}

  [[nodiscard]] std::string_view text() const { return text_; }
  [[nodiscard]] std::size_t size() const { return text_.size(); }
  // Whether the part is kept by reference until the client has taken it.
  [[nodiscard]] bool kept() const { return owner_ != nullptr && text_.size() >= kSmallestKept; }
  // The part as a Body. Only if kept().
  [[nodiscard]] Body body() const {
    return owner_->slice(static_cast<std::size_t>(text_.data() - owner_->view().data()), text_.size());
  }

 private:
  std::string_view text_;
  const Body* owner_ = nullptr;
};

}  // namespace wx::http_server
