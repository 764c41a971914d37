// The bytes of an answer: immutable and shared, so that the memory tier, a pending Redis command and a slow client's
// connection can hold the same bytes without a copy.
//
// Copying a Body increments a reference count. A slice refers to a part of another Body's bytes and keeps all of them
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
  Body(Body&& other) noexcept
      : owner_(std::move(other.owner_)),
        view_(std::exchange(other.view_, {})),
        buffer_bytes_(std::exchange(other.buffer_bytes_, 0)) {}
  Body& operator=(Body&& other) noexcept {
    owner_ = std::move(other.owner_);
    view_ = std::exchange(other.view_, {});
    buffer_bytes_ = std::exchange(other.buffer_bytes_, 0);
    return *this;
  }
  ~Body() = default;
  // Takes over a string that is moved in, without a copy of its bytes.
  Body(std::string bytes) {  // NOLINT(google-explicit-constructor): a string that is moved in is a body
    auto owner = std::make_shared<const std::string>(std::move(bytes));
    view_ = *owner;
    const bool small = owner->capacity() == std::string().capacity();  // the bytes lie inside the object
    buffer_bytes_ = sizeof(std::string) + (small ? 0 : owner->capacity() + 1);
    owner_ = std::move(owner);
  }
  Body(const char* text) : Body(copy_of(text)) {}  // NOLINT(google-explicit-constructor): as above
  // A body with its own copy of `bytes`, in one allocation.
  [[nodiscard]] static Body copy_of(std::string_view bytes) {
    auto owner = std::make_shared_for_overwrite<char[]>(bytes.size());
    bytes.copy(owner.get(), bytes.size());
    Body body;
    body.view_ = {owner.get(), bytes.size()};
    body.buffer_bytes_ = bytes.size();
    body.owner_ = std::move(owner);
    return body;
  }

  // A body of bytes that live as long as the process (a file that is part of the program). It owns nothing.
  [[nodiscard]] static Body of_static(std::string_view bytes) {
    Body body;
    body.view_ = bytes;
    return body;
  }

  [[nodiscard]] std::string_view view() const { return view_; }
  operator std::string_view() const { return view_; }  // NOLINT(google-explicit-constructor): used like a string_view
  [[nodiscard]] std::size_t size() const { return view_.size(); }
  [[nodiscard]] bool empty() const { return view_.empty(); }

  // `count` bytes from `offset` on, or fewer where the body ends before. `offset` must not be beyond the end.
  [[nodiscard]] Body slice(std::size_t offset, std::size_t count = std::string_view::npos) const {
    Body part = *this;
    part.view_ = view_.substr(offset, count);
    return part;
  }

  // The memory of the shared buffer, without this object, for accounting. A slice counts the whole buffer.
  [[nodiscard]] std::size_t buffer_bytes() const { return buffer_bytes_; }

  friend bool operator==(const Body& a, const Body& b) { return a.view_ == b.view_; }
  template <std::convertible_to<std::string_view> Text>
    requires(!std::same_as<Text, Body>)
  friend bool operator==(const Body& a, const Text& b) {
    return a.view_ == std::string_view(b);
  }

 private:
  std::shared_ptr<const void> owner_;
  std::string_view view_;
  std::size_t buffer_bytes_ = 0;
};

}  // namespace wx
