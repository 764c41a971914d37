// A handler's view of a request: the head (request line and fields) in the connection's buffer.
//
// Lifetime: valid until the exchange is answered. While an answer is outstanding, the connection neither reads nor
// parses, so a handler that defers its answer may keep using the request.
// Thread-safety: belongs to the thread of its connection.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace wx::http_server {

enum class Method : std::uint8_t {
  get,
  head,
  post,
  del,
  options,
  other,    // PUT, PATCH, CONNECT, TRACE or QUERY, which no path has
  unknown,  // none that HTTP defines
};

// The fields that handlers use. The parser checks the syntax of all other fields and drops them.
enum class Field : std::uint8_t {
  accept,
  accept_language,
  accept_encoding,
  authorization,
  cache_control,
  if_none_match,
  if_match,
  x_request_id,
  x_forwarded_for,
  traceparent,
  origin,
  host,
  sec_fetch_site,
  forwarded,
  x_forwarded_host,
  cdn_loop,
  x_api_key,
};
inline constexpr std::size_t kFields = static_cast<std::size_t>(Field::x_api_key) + 1;

struct RequestHead;
class Channel;

class Request {
 public:
  // An empty request, for a refusal when nothing could be parsed. The method is get, everything else is empty.
  Request() = default;
  // A view of `head`, whose offsets are relative to `base`; both must outlive it. `began_at`: see below. `channel`
  // provides the peer and may be null.
  Request(const char* base, const RequestHead& head, SteadyTime began_at, const Channel* channel)
      : base_(base), head_(&head), began_at_(began_at), channel_(channel) {}

  [[nodiscard]] Method method() const;
  // As received: "/weather?lat=1", or the absolute form.
  [[nodiscard]] std::string_view target() const;
  // As received. "*" for the asterisk form, the host and port for that of CONNECT, and "/" for an absolute form without
  // a path.
  [[nodiscard]] std::string_view path() const;
  // The path in its normal form (normal_path.hpp), or nothing if it has none. Only a path with a percent escape
  // allocates. The view is valid as long as the request.
  [[nodiscard]] std::optional<std::string_view> normal_path() const;
  // Without the question mark; empty if there is no query. Not percent-decoded.
  [[nodiscard]] std::string_view query() const;

  // The value without surrounding spaces. The values of a repeated field are joined by ", " (RFC 9110 §5.3); only this
  // case allocates. The view is valid as long as the request.
  [[nodiscard]] std::optional<std::string_view> field(Field field) const;

  // True if the client wants to keep the connection open (RFC 9112 §9.3).
  [[nodiscard]] bool keep_alive() const;
  // The time at which the handling of this request began, from which its deadline, the age of its answer and its
  // duration count. A pipelined request waits in the connection until the answers before it are given; that time is not
  // its own. Zero if the connection was refused before it sent a request.
  [[nodiscard]] SteadyTime began_at() const { return began_at_; }
  // The peer's IP address as text, without the port; an IPv4-mapped IPv6 address as IPv4.
  [[nodiscard]] std::string_view peer() const;

  // The memory of what field() and normal_path() have made, in bytes.
  [[nodiscard]] std::size_t memory() const { return made_ ? made_->memory() : 0; }
  // Frees what field() and normal_path() have made. Ends their views.
  void release() { made_.reset(); }

 private:
  [[nodiscard]] std::string_view combined(Field field) const;

  const char* base_ = nullptr;
  const RequestHead* head_ = nullptr;
  SteadyTime began_at_{};
  const Channel* channel_ = nullptr;
  // What rare requests need beside the head; an empty text is not made yet.
  struct Made {
    std::array<std::string, kFields> combined;
    std::string normal_path;
    [[nodiscard]] std::size_t memory() const;
  };
  [[nodiscard]] Made& made() const;
  mutable std::unique_ptr<Made> made_;
};

}  // namespace wx::http_server
