// Checks the body of a reply with status 200 before it is kept or passed on. The status does not prove success, because
// the provider streams bodies after the status line.
//
// The body comes in pieces of any size, as it is received and decompressed, and is not kept: the memory of a check does
// not depend on the body (some kilobytes; for flatbuffers up to 64 KiB).
//
// Thread-safety: one BodyCheck is for one thread at a time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "open_meteo/asked.hpp"
#include "open_meteo/body_facts.hpp"

namespace wx::open_meteo {

class BodyCheck {
 public:
  // `content_type` is that of the reply. For an opaque question it also decides the format; then JSON must be a whole
  // document and no error, and counts and lengths are not checked.
  [[nodiscard]] static std::unique_ptr<BodyCheck> make(const Asked& asked, std::string_view content_type);

  BodyCheck(const BodyCheck&) = delete;
  BodyCheck& operator=(const BodyCheck&) = delete;
  virtual ~BodyCheck() = default;

  void feed(std::string_view piece);

  // To be called once, after the last piece. Every fault is provider_bad_reply with provider_status 200 and a detail
  // fit for a client. Error::of_query is set if the body is whole but wrong for its question.
  [[nodiscard]] Result<BodyFacts> finish();

 protected:
  BodyCheck() = default;

  // Adds to BodyFacts::data_hash. Every format chooses the bytes that count.
  void hash(std::string_view bytes) { hasher_.update(bytes); }
  // The body so far, including the current piece.
  [[nodiscard]] std::size_t size() const { return size_; }
  // The last 512 bytes of the body so far, or all of it.
  [[nodiscard]] std::string_view tail() const {
    return std::string_view(tail_).substr(tail_.size() - std::min(tail_.size(), kTail));
  }

 private:
  // The checks of the format. For an empty body, on_empty() is called instead of on_end().
  virtual void on_piece(std::string_view piece) = 0;
  virtual Result<void> on_end(BodyFacts& facts) = 0;
  virtual Result<void> on_empty(BodyFacts& facts);

  static constexpr std::size_t kTail = 512;

  ContentHasher hasher_;
  std::size_t size_ = 0;
  std::string tail_;  // a little more than tail()
};

// The same for a body that is there as a whole.
[[nodiscard]] Result<BodyFacts> check_body(const Asked& asked, std::string_view content_type, std::string_view body);

}  // namespace wx::open_meteo
