// The bytes of an answer: immutable and shared, so that memory, Redis and a slow client can hold the same ones without
// a copy.
//
// Copying a Body costs one reference count. A slice refers to a part of another Body's bytes and keeps all of them
// alive.
//
// Thread-safety: a value; several threads may hold copies of one Body.
#pragma once

#include <concepts>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace wx {

class Body {
 public:
  Body() = default;
  Body(const Body&) = default;
  Body& operator=(const Body&) = default;
  // Leaves the other one empty.
  Body(Body&& other) noexcept : bytes_(std::move(other.bytes_)), view_(std::exchange(other.view_, {})) {}
  Body& operator=(Body&& other) noexcept {
    bytes_ = std::move(other.bytes_);
    view_ = std::exchange(other.view_, {});
    return *this;
  }
  ~Body() = default;
  // Takes the string over: nothing is copied.
  Body(std::string bytes)  // NOLINT(google-explicit-constructor): a string that is moved in is a body
      : bytes_(std::make_shared<const std::string>(std::move(bytes))), view_(*bytes_) {}
  // Copies the text once.
  Body(const char* text) : Body(std::string(text)) {}  // NOLINT(google-explicit-constructor): as above
  [[nodiscard]] static Body copy_of(std::string_view bytes) { return Body(std::string(bytes)); }

  [[nodiscard]] std::string_view view() const { return view_; }
  operator std::string_view() const { return view_; }  // NOLINT(google-explicit-constructor): it reads like a text
  [[nodiscard]] std::size_t size() const { return view_.size(); }
  [[nodiscard]] bool empty() const { return view_.empty(); }

  // `count` bytes from `offset` on, or fewer where the body ends before. `offset` must not be beyond the end.
  [[nodiscard]] Body slice(std::size_t offset, std::size_t count = std::string_view::npos) const {
    Body part = *this;
    part.view_ = view_.substr(offset, count);
    return part;
  }

  // Bytes that the shared string occupies beside this object, for accounting. A slice counts the whole string.
  [[nodiscard]] std::size_t capacity() const { return bytes_ ? bytes_->capacity() : 0; }

  friend bool operator==(const Body& a, const Body& b) { return a.view_ == b.view_; }
  template <std::convertible_to<std::string_view> Text>
    requires(!std::same_as<Text, Body>)
  friend bool operator==(const Body& a, const Text& b) {
    return a.view_ == std::string_view(b);
  }

 private:
  std::shared_ptr<const std::string> bytes_;
  std::string_view view_;
};

}  // namespace wx
