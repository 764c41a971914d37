#include "base/gzip.hpp"

#include <algorithm>
#include <limits>
#include <new>

#include <zlib.h>

namespace wx {
namespace {

constexpr int kGzipWindow = 15 + 16;  // the largest window; 16 selects the gzip format instead of zlib's
constexpr int kMemoryLevel = 8;       // zlib's default

// zlib's lengths are of type uInt, so a longer text is given to it in parts.
uInt part_of(std::size_t length) {
  return static_cast<uInt>(std::min<std::size_t>(length, std::numeric_limits<uInt>::max()));
}

// zlib does not write to its input, but its interface is older than const.
Bytef* bytes_of(std::string_view text) {
  return reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));  // NOLINT(cppcoreguidelines-pro-type-const-cast)
}

}  // namespace

struct Inflater::Stream {
  z_stream z{};
  char buffer[kMostPerCall];

  // The buffer is left uninitialized on purpose: zlib writes it before it is read.
  Stream() {  // NOLINT(cppcoreguidelines-pro-type-member-init)
    if (inflateInit2(&z, kGzipWindow) != Z_OK) throw std::bad_alloc();
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream() { inflateEnd(&z); }
};

std::string_view describe(GzipFault fault) {
  switch (fault) {
    case GzipFault::cut_short:
      return "is cut short";
    case GzipFault::too_large:
      return "is too large";
    case GzipFault::damaged:
      break;
  }
  return "is damaged";
}

Inflater::Inflater(std::size_t limit) : stream_(std::make_unique<Stream>()), limit_(limit) {}

Inflater::~Inflater() = default;

std::expected<void, GzipFault> Inflater::set(GzipFault fault) {
  state_ = std::unexpected(fault);
  return state_;
}

std::expected<void, GzipFault> Inflater::feed(std::string_view piece, const Sink& sink) {
  if (!state_) return state_;
  auto& z = stream_->z;
  bool output_full = false;
  while (!piece.empty() || output_full) {
    // Another member may follow; if other bytes do, zlib finds no header in them.
    if (at_end_of_member_ && inflateReset(&z) != Z_OK) return set(GzipFault::damaged);
    at_end_of_member_ = false;

    const uInt given = part_of(piece.size());
    // One byte more than allowed is enough to know that the body is too large.
    const std::size_t room = std::min(kMostPerCall - 1, limit_ - size_) + 1;
    z.next_in = bytes_of(piece);
    z.avail_in = given;
    z.next_out = reinterpret_cast<Bytef*>(stream_->buffer);
    z.avail_out = static_cast<uInt>(room);
    const int code = inflate(&z, Z_NO_FLUSH);
    piece.remove_prefix(given - z.avail_in);
    output_full = z.avail_out == 0 && code == Z_OK;
    const std::size_t decoded = room - z.avail_out;
    if (decoded > limit_ - size_) return set(GzipFault::too_large);
    size_ += decoded;
    if (decoded > 0) sink({stream_->buffer, decoded});
    if (code == Z_STREAM_END) {
      at_end_of_member_ = true;
    } else if (code == Z_BUF_ERROR) {
      break;  // nothing is left to decode before the next piece
    } else if (code != Z_OK) {
      return set(GzipFault::damaged);
    }
  }
  return {};
}

std::expected<void, GzipFault> Inflater::finish() const {
  if (state_ && !at_end_of_member_) return std::unexpected(GzipFault::cut_short);
  return state_;
}

std::expected<std::string, GzipFault> inflate_gzip(std::string_view bytes, std::size_t limit) {
  std::string out;
  Inflater inflater(limit);
  const auto fed = inflater.feed(bytes, [&out](std::string_view piece) { out += piece; });
  if (!fed) return std::unexpected(fed.error());
  const auto whole = inflater.finish();
  if (!whole) return std::unexpected(whole.error());
  return out;
}

std::string deflate_gzip(std::string_view bytes, int level) {
  z_stream z{};
  if (deflateInit2(&z, level, Z_DEFLATED, kGzipWindow, kMemoryLevel, Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::bad_alloc();
  }
  std::string out;
  out.resize(deflateBound(&z, static_cast<uLong>(bytes.size())));
  std::size_t written = 0;
  int code = Z_OK;
  while (code == Z_OK) {
    const uInt given = part_of(bytes.size());
    const uInt room = part_of(out.size() - written);
    z.next_in = bytes_of(bytes);
    z.avail_in = given;
    z.next_out = reinterpret_cast<Bytef*>(out.data() + written);
    z.avail_out = room;
    code = deflate(&z, given == bytes.size() ? Z_FINISH : Z_NO_FLUSH);
    bytes.remove_prefix(given - z.avail_in);
    written += room - z.avail_out;
  }
  deflateEnd(&z);
  out.resize(written);
  return out;
}

}  // namespace wx
