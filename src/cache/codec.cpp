#include "cache/codec.hpp"

#include <algorithm>
#include <utility>

#include "base/hash.hpp"
#include "base/text.hpp"

namespace wx::cache {
namespace {

constexpr std::string_view kFormat = "wx";  // followed by the version
constexpr std::uint64_t kNumber = 2;
constexpr std::string_view kVersion = "wx2";
constexpr std::string_view kVersionBefore = "wx1";
constexpr std::uint64_t kMaxSpan = 10ULL * 366 * 24 * 3'600'000;  // ms; the sum of three spans cannot overflow

// The checksum covers the line up to the checksum, and the body, so that any damage is detected.
ContentTag checksum(std::string_view line, std::string_view body) {
  return ContentTag(content_hash(body, content_hash(line)));
}
ContentTag checksum_before(std::string_view line, std::string_view body) {
  return ContentTag(hash64(body, hash64(line)));
}

// Visible ASCII that a field may hold as it is.
bool is_plain(char c) {
  return c > ' ' && c < '\x7f' && c != '"';
}

// A value such as `text/html; charset="utf-8"` has characters that would end its field or the line. These are escaped
// (RFC 3986 §2.1, with capital digits), and so is the percent sign that begins an escape.
bool is_escaped(char c) {
  return !is_plain(c) || c == '%';
}

// Needs no look for characters to escape.
constexpr std::string_view kUsualType = "application/json";
constexpr std::string_view kHexDigits = "0123456789ABCDEF";
constexpr std::size_t kEscapeSize = 3;

void append_escaped(std::string& out, std::string_view value) {
  if (value == kUsualType || std::ranges::none_of(value, is_escaped)) return append(out, value);
  for (const char c : value) {
    if (is_escaped(c)) {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += kHexDigits[byte >> 4U];
      out += kHexDigits[byte & 15U];
    } else {
      out += c;
    }
  }
}

// Reads the escape at the beginning of `text`. Nothing if append_escaped() would not have written it.
std::optional<char> parse_escape(std::string_view text) {
  if (text.size() < kEscapeSize) return std::nullopt;
  const auto high = kHexDigits.find(text[1]);
  const auto low = kHexDigits.find(text[2]);
  if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
  const char c = static_cast<char>(high << 4U | low);
  return is_escaped(c) ? std::optional(c) : std::nullopt;
}

// Removes " name=value" from the front of a line. The order of fields is fixed and each value has one canonical form,
// so every line that decodes is exactly the line that encode_head() produces.
class Fields {
 public:
  explicit Fields(std::string_view line) : rest_(line) {}

  std::optional<std::string_view> take(std::string_view name) {
    if (!rest_.starts_with(' ')) return std::nullopt;
    rest_.remove_prefix(1);
    if (!rest_.starts_with(name) || rest_.size() <= name.size() || rest_[name.size()] != '=') return std::nullopt;
    rest_.remove_prefix(name.size() + 1);
    const auto end = std::min(rest_.find(' '), rest_.size());
    const auto value = rest_.substr(0, end);
    rest_.remove_prefix(end);
    return value;
  }

  // Removes the first word of the line.
  bool take_word(std::string_view word) {
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }

  bool number(std::string_view name, std::uint64_t max, std::uint64_t& out) {
    const auto text = take(name);
    const auto value = text ? parse_unsigned(*text) : std::nullopt;
    if (!value || *value > max || (text->size() > 1 && text->front() == '0')) return false;
    out = *value;
    return true;
  }

  bool span(std::string_view name, milliseconds& out) {
    std::uint64_t value = 0;
    if (!number(name, kMaxSpan, value)) return false;
    out = milliseconds(static_cast<milliseconds::rep>(value));
    return true;
  }

  // Reads a value that is later sent in a response header. Only visible ASCII is accepted, so that the value cannot
  // break the header.
  bool token(std::string_view name, std::string& out) {
    const auto value = take(name);
    if (!value || !std::ranges::all_of(*value, is_plain)) return false;
    out = *value;
    return true;
  }

  // The same for a value in which some bytes are escaped (append_escaped()): any byte may be.
  bool escaped(std::string_view name, std::string& out) {
    if (!token(name, out)) return false;
    if (out == kUsualType || out.find('%') == std::string::npos) return true;
    const auto rest = std::exchange(out, {});
    for (std::string_view left = rest; !left.empty();) {
      const auto end = std::min(left.find('%'), left.size());
      append(out, left.substr(0, end));
      left.remove_prefix(end);
      if (left.empty()) break;
      const auto c = parse_escape(left);
      if (!c) return false;
      out += *c;
      left.remove_prefix(kEscapeSize);
    }
    return true;
  }

  // The same for the value of a header: visible ASCII and spaces.
  bool header(std::string_view name, std::string& out) {
    return escaped(name, out) && std::ranges::all_of(out, [](char c) { return c >= ' ' && c < '\x7f'; });
  }

  // Returns true if the next field has this name.
  [[nodiscard]] bool next_is(std::string_view name) const {
    return rest_.starts_with(' ') && rest_.substr(1).starts_with(name) &&
           rest_.substr(1 + name.size()).starts_with('=');
  }

  [[nodiscard]] std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

std::string_view name(EntryKind kind) {
  switch (kind) {
    case EntryKind::answer:
      return "answer";
    case EntryKind::refusal:
      return "refusal";
    case EntryKind::valueless:
      return "valueless";
    case EntryKind::tombstone:
      return "tombstone";
    case EntryKind::unreadable:
      break;
  }
  return "";
}

std::optional<EntryKind> parse_kind(std::string_view text) {
  for (const auto kind : {EntryKind::answer, EntryKind::refusal, EntryKind::valueless, EntryKind::tombstone}) {
    if (text == name(kind)) return kind;
  }
  return std::nullopt;
}

bool parse_line(Fields& fields, Entry& entry, std::uint64_t& size) {
  std::uint64_t stored_at = 0;
  std::uint64_t early = 0;
  if (!fields.number("stored_at", kMaxMilliseconds, stored_at)) return false;
  if (!fields.span("fresh", entry.spans.fresh_for)) return false;
  if (!fields.span("stale", entry.spans.stale_for)) return false;
  if (!fields.span("keep", entry.spans.keep_for)) return false;
  if (!fields.number("early", 1, early)) return false;
  const auto kind = fields.take("kind").transform(parse_kind);
  if (!kind || !*kind) return false;
  if (!fields.number("epoch", ~0ULL, entry.epoch)) return false;
  if (!fields.header("type", entry.content_type) || !fields.token("etag", entry.etag)) return false;
  if (!fields.number("size", ~0ULL, size)) return false;
  entry.stored_at = WallTime(milliseconds(static_cast<milliseconds::rep>(stored_at)));
  entry.early_refresh = early == 1;
  entry.kind = **kind;
  return true;
}

// Reads the fields that a line has only where they say something: none of them is there with an empty value.
bool parse_optional(Fields& fields, Entry& entry) {
  if (fields.next_is("gzip_of")) {
    if (!fields.number("gzip_of", ~0ULL, entry.decoded_size)) return false;
    entry.encoding = Encoding::gzip;
  }
  if (fields.next_is("disposition")) {
    if (!fields.header("disposition", entry.content_disposition) || entry.content_disposition.empty()) return false;
  }
  if (fields.next_is("question")) {
    if (!fields.escaped("question", entry.question) || entry.question.empty()) return false;
  }
  return true;
}

enum class Line : std::uint8_t { before, current };

// Decodes the fields after the version (and, in wx2, after the key) and the body.
template <class Checksum>
std::optional<Entry> decode_rest(Fields fields, std::string_view line, std::string_view body, Line kind,
                                 Checksum checksum_of) {
  Entry entry;
  std::uint64_t size = 0;
  if (!parse_line(fields, entry, size) || size != body.size()) return std::nullopt;
  if (kind == Line::current && !parse_optional(fields, entry)) return std::nullopt;
  const auto covered = line.substr(0, line.size() - fields.rest().size());
  const auto sum = fields.take("sum");
  if (!sum || !fields.rest().empty() || *sum != checksum_of(covered, body).view()) return std::nullopt;
  entry.body = Body::copy_of(body);
  return entry;
}

void append_optional(std::string& out, const Entry& entry) {
  if (entry.encoding == Encoding::gzip) {
    append(out, " gzip_of=");
    append(out, entry.decoded_size);
  }
  if (!entry.content_disposition.empty()) {
    append(out, " disposition=");
    append_escaped(out, entry.content_disposition);
  }
  if (!entry.question.empty()) {
    append(out, " question=");
    append_escaped(out, entry.question);
  }
}

}  // namespace

void encode_head(std::string_view key, const Entry& entry, std::string& out) {
  const auto start = out.size();
  append(out, kVersion);
  append(out, " key=");
  append(out, key);
  append(out, " stored_at=");
  append(out, entry.stored_at.time_since_epoch().count());
  append(out, " fresh=");
  append(out, entry.spans.fresh_for.count());
  append(out, " stale=");
  append(out, entry.spans.stale_for.count());
  append(out, " keep=");
  append(out, entry.spans.keep_for.count());
  append(out, entry.early_refresh ? " early=1" : " early=0");
  append(out, " kind=");
  append(out, name(entry.kind));
  append(out, " epoch=");
  append(out, entry.epoch);
  append(out, " type=");
  append_escaped(out, entry.content_type);
  append(out, " etag=");
  append(out, entry.etag);
  append(out, " size=");
  append(out, entry.body.size());
  append_optional(out, entry);
  const auto sum = checksum(std::string_view(out).substr(start), entry.body);
  append(out, " sum=");
  append(out, sum.view());
  out += '\n';
}

std::optional<Entry> decode(std::string_view key, std::string_view value) {
  const auto end = value.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const auto line = value.substr(0, end);
  const auto body = value.substr(end + 1);
  Fields fields(line);
  if (fields.take_word(kVersion)) {
    return fields.take("key") == key ? decode_rest(fields, line, body, Line::current, checksum) : std::nullopt;
  }
  if (!fields.take_word(kVersionBefore)) return std::nullopt;
  auto entry = decode_rest(fields, line, body, Line::before, checksum_before);
  return entry && entry->kind != EntryKind::tombstone ? std::move(entry) : std::nullopt;
}

bool is_of_later_version(std::string_view value) {
  if (!value.starts_with(kFormat)) return false;
  value.remove_prefix(kFormat.size());
  const auto number = parse_unsigned(value.substr(0, value.find_first_of(" \n")));
  return number && *number > kNumber;
}

}  // namespace wx::cache
