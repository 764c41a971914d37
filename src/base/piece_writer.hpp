// Appends many pieces to a string, into room that is made for all of them at once. append() looks at the string's
// capacity and sets its length for each piece; append_within() does so once.
//
//   append_within(out, 32, [&](PieceWriter& to) {
//     to.put("Age: ");
//     to.put(age);
//   });
//
// Thread-safety: pure functions, and a class to use on one thread.
#pragma once

#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <string_view>
#include <system_error>

namespace wx {

class PieceWriter {
 public:
  PieceWriter(char* room, std::size_t size) : at_(room), end_(room + size) {}
  PieceWriter(const PieceWriter&) = delete;
  PieceWriter& operator=(const PieceWriter&) = delete;

  // More than the room ends the program, as an index beyond the end of a vector does.
  void put(std::string_view text) {
    if (text.size() > static_cast<std::size_t>(end_ - at_)) [[unlikely]]
      std::abort();
    at_ += text.copy(at_, text.size());  // takes an empty text, which may have no address, too
  }
  void put(const char* text) { put(std::string_view(text)); }
  // In decimal.
  template <std::integral T>
    requires(!std::same_as<T, char> && !std::same_as<T, bool>)
  void put(T value) {
    const auto result = std::to_chars(at_, end_, value);
    if (result.ec != std::errc()) [[unlikely]]
      std::abort();
    at_ = result.ptr;
  }

  // Where the next piece will be.
  [[nodiscard]] const char* at() const { return at_; }

 private:
  char* at_;
  char* const end_;
};

// Calls write(PieceWriter&), which may put at most `most` bytes. It must not throw, and no piece may point into `out`.
template <class Write>
void append_within(std::string& out, std::size_t most, Write write) {
  const std::size_t before = out.size();
  // The second argument is ignored: libstdc++ 12 passes the new capacity there instead of the requested size.
  out.resize_and_overwrite(before + most, [&](char* bytes, std::size_t) {
    PieceWriter to(bytes + before, most);
    write(to);
    return static_cast<std::size_t>(to.at() - bytes);
  });
}

}  // namespace wx
