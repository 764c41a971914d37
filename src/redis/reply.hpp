// One reply of Redis, as a view into the connection's read buffer.
//
// A reply is a tree, stored as a flat list of nodes in order of arrival. Each node knows the number of nodes in its
// subtree, so the next sibling is one addition away. (RESP3: https://github.com/redis/redis-specifications,
// protocol/RESP3.md. The kinds that RESP2 shares with it are read alike.)
//
// Lifetime: a Reply, its elements and its texts are valid only during the callback that receives it.
// Thread-safety: none; on the thread of its client.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

#include "base/error.hpp"

namespace wx::redis {

enum class Kind : std::uint8_t {
  null,        // _  and RESP2's $-1 and *-1
  text,        // + simple string, $ bulk string
  error,       // - simple error, ! bulk error
  integer,     // :
  real,        // ,
  boolean,     // #
  big_number,  // (
  verbatim,    // =
  array,       // *
  set,         // ~
  map,         // %  its elements are key, value, key, value, ...
  push,        // >
};

class Reply {
 public:
  // The parser's form of a reply. Texts are offsets from the start of the reply's bytes.
  struct Text {
    std::size_t offset;
    std::size_t length;
  };
  struct Node {
    Kind kind = Kind::null;
    std::uint32_t elements = 0;  // of an aggregate; a map of n pairs has 2 n
    std::uint32_t extent = 1;    // nodes of this subtree, this one included
    union {
      Text text{0, 0};
      std::int64_t integer;
      double real;
      bool boolean;
    };
  };

  Reply(const Node* node, const char* bytes) : node_(node), bytes_(bytes) {}

  [[nodiscard]] Kind kind() const { return node_->kind; }
  [[nodiscard]] bool is_null() const { return kind() == Kind::null; }
  [[nodiscard]] bool is_error() const { return kind() == Kind::error; }
  [[nodiscard]] bool is_text() const { return kind() == Kind::text || kind() == Kind::verbatim; }

  // The bytes of text, verbatim (without its "txt:" mark), error and big_number; empty for every other kind.
  [[nodiscard]] std::string_view text() const {
    switch (kind()) {
      case Kind::text:
      case Kind::verbatim:
      case Kind::error:
      case Kind::big_number:
        return {bytes_ + node_->text.offset, node_->text.length};
      default:
        return {};
    }
  }
  // Whether this is the status "OK".
  [[nodiscard]] bool is_ok() const { return kind() == Kind::text && text() == "OK"; }
  // 0, 0.0 and false for every other kind.
  [[nodiscard]] std::int64_t integer() const { return kind() == Kind::integer ? node_->integer : 0; }
  [[nodiscard]] double real() const { return kind() == Kind::real ? node_->real : 0; }
  [[nodiscard]] bool boolean() const { return kind() == Kind::boolean && node_->boolean; }

  // The elements of an array, set, map or push; none for every other kind.
  //   for (const Reply element : reply) ...
  [[nodiscard]] std::size_t size() const { return node_->elements; }
  class Iterator {
   public:
    using value_type = Reply;
    using difference_type = std::ptrdiff_t;
    Iterator() = default;
    Iterator(const Node* node, const char* bytes) : node_(node), bytes_(bytes) {}
    Reply operator*() const { return {node_, bytes_}; }
    Iterator& operator++() {
      node_ += node_->extent;
      return *this;
    }
    Iterator operator++(int) {
      Iterator before = *this;
      ++*this;
      return before;
    }
    friend bool operator==(const Iterator& a, const Iterator& b) { return a.node_ == b.node_; }

   private:
    const Node* node_ = nullptr;
    const char* bytes_ = nullptr;
  };
  [[nodiscard]] Iterator begin() const { return {node_ + 1, bytes_}; }
  [[nodiscard]] Iterator end() const { return {node_ + node_->extent, bytes_}; }

  // The element at `index` (below size()); walks over those before it.
  [[nodiscard]] Reply operator[](std::size_t index) const {
    Iterator at = begin();
    while (index-- > 0) ++at;
    return *at;
  }

 private:
  const Node* node_;
  const char* bytes_;
};

// Called exactly once with the outcome of a command:
//   a reply              anything but a top-level error
//   redis_error          the server answered with an error; detail = its text ("WRONGTYPE Operation against ...")
//   redis_timeout        no reply within the deadline; the command may have been carried out
//   redis_unavailable    not connected, lost meanwhile, or too much in flight; after a loss the command may have been
//                        carried out
//   redis_protocol       the server sent bytes that are not RESP3; as after a loss
using Callback = std::move_only_function<void(Result<Reply>)>;

}  // namespace wx::redis
