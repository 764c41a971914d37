// One part of a response's body, as a handler passes it to respond(). The server copies a text. A Body or a slice of
// one is kept by reference if it is large, else copied.
//
// Thread-safety: a view. The text and the Body that it refers to must outlive the call that it is passed to.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/body.hpp"

namespace wx::http_server {

class BodyPart {
 public:
  // Below this size (bytes) a copy is cheaper than an additional piece in the gathered write.
  static constexpr std::size_t kSmallestKept = std::size_t{16} * 1024;

  // NOLINTBEGIN(google-explicit-constructor): lets handlers write a list of texts and bodies
  BodyPart(std::string_view text) : text_(text) {}
  BodyPart(const char* text) : text_(text) {}
  BodyPart(const std::string& text) : text_(text) {}
  BodyPart(const Body& body) : text_(body.view()), owner_(&body) {}
  // NOLINTEND(google-explicit-constructor)
  // A slice: `text` must lie within `owner`. Unlike Body::slice(), this counts a reference only if the part is kept.
  BodyPart(const Body& owner, std::string_view text) : text_(text), owner_(&owner) {}

  [[nodiscard]] std::string_view text() const { return text_; }
  [[nodiscard]] std::size_t size() const { return text_.size(); }
  // Returns true if the part is kept by reference until it is sent.
  [[nodiscard]] bool kept() const { return owner_ != nullptr && text_.size() >= kSmallestKept; }
  // The part as a Body. Call it only if kept().
  [[nodiscard]] Body body() const {
    return owner_->slice(static_cast<std::size_t>(text_.data() - owner_->view().data()), text_.size());
  }

 private:
  std::string_view text_;
  const Body* owner_ = nullptr;
};

}  // namespace wx::http_server
