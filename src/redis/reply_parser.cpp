#include "redis/reply_parser.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <limits>

namespace wx::redis {
namespace {

// A buffer that a large reply has grown beyond this is released once it is empty.
constexpr std::size_t kKeepCapacity = std::size_t{256} << 10;

template <class Number>
std::optional<Number> number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool is_big_number(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

std::optional<double> real_number(std::string_view text) {
  // RESP3 allows 1e999, which becomes infinity.
  double value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size() || text.empty()) return std::nullopt;
  if (error == std::errc{}) return value;
  if (error != std::errc::result_out_of_range) return std::nullopt;
  const bool tiny = text.find("e-") != std::string_view::npos || text.find("E-") != std::string_view::npos;
  const double most = std::numeric_limits<double>::infinity();
  return tiny ? 0.0 : text.starts_with('-') ? -most : most;
}

}  // namespace

ReplyParser::ReplyParser(ReplyLimits limits) : limits_(limits) {}

std::span<char> ReplyParser::prepare(std::size_t least) {
  if (whole_) {
    nodes_.clear();
    start_ = at_;
    whole_ = false;
  }
  const std::size_t held = filled_ - start_;
  if (held == 0 && capacity_ > kKeepCapacity && least <= kKeepCapacity) {
    buffer_.reset();
    capacity_ = 0;
  }
  if (held == 0) {
    start_ = at_ = scanned_ = filled_ = 0;
  }
  if (capacity_ - filled_ < least) {
    // Moves the bytes to the front only if that frees at least half of the buffer; otherwise grows, so that a long
    // reply is not moved repeatedly.
    const bool grow = held + least > capacity_ || held > capacity_ / 2;
    const std::size_t capacity = grow ? std::max(held + least, capacity_ * 2) : capacity_;
    auto buffer = grow ? std::make_unique_for_overwrite<char[]>(capacity) : nullptr;
    char* const target = grow ? buffer.get() : buffer_.get();
    if (held > 0) std::memmove(target, buffer_.get() + start_, held);
    if (grow) {
      buffer_ = std::move(buffer);
      capacity_ = capacity;
    }
    at_ -= start_;
    scanned_ = scanned_ > start_ ? scanned_ - start_ : 0;
    start_ = 0;
    filled_ = held;
  }
  return {buffer_.get() + filled_, capacity_ - filled_};
}

ReplyParser::Progress ReplyParser::next() {
  if (!fault_.empty()) return Progress::broken;
  if (whole_) {
    nodes_.clear();
    start_ = at_;
    whole_ = false;
  }
  while (at_ < filled_) {
    const Step step = value();
    if (step == Step::broken) return Progress::broken;
    // A reply that is not whole yet can only get longer, so the verdict does not depend on how the bytes were cut.
    if ((step == Step::done ? at_ : filled_) - start_ > limits_.bytes) {
      broken("a reply above the limit");
      return Progress::broken;
    }
    if (step == Step::need_more) return Progress::need_more;
    if (open_.empty() && !nodes_.empty()) {
      whole_ = true;
      return Progress::reply;
    }
  }
  return Progress::need_more;
}

std::optional<std::string_view> ReplyParser::line() {
  const std::size_t begin = at_ + 1;
  const std::size_t from = std::max(begin, scanned_);
  const char* const end =
      from < filled_ ? static_cast<const char*>(std::memchr(buffer_.get() + from, '\n', filled_ - from)) : nullptr;
  const auto stop = end == nullptr ? filled_ : static_cast<std::size_t>(end - buffer_.get());
  scanned_ = stop;
  if (stop - begin > limits_.line) {
    broken("a line above the limit");
    return std::nullopt;
  }
  if (end == nullptr) return std::nullopt;
  if (stop == begin || buffer_[stop - 1] != '\r') {
    broken("a line without CR LF");
    return std::nullopt;
  }
  return std::string_view(buffer_.get() + begin, stop - 1 - begin);
}

ReplyParser::Step ReplyParser::value() {
  const char type = buffer_[at_];
  if (std::string_view("_+-:,#($=!*~%>|").find(type) == std::string_view::npos) {
    return broken(type == ';' || type == '.' ? "a streamed type" : "a byte that starts no reply");
  }
  const auto whole = line();
  if (!whole) return fault_.empty() ? Step::need_more : Step::broken;
  if (whole->find('\r') != std::string_view::npos) return broken("a line with a CR inside");
  switch (type) {
    case '$':
    case '=':
    case '!':
      return bulk(type, *whole);
    case '*':
    case '~':
    case '%':
    case '>':
    case '|':
      return aggregate(type, *whole);
    default:
      return line_value(type, *whole);
  }
}

ReplyParser::Step ReplyParser::text(Kind kind, std::size_t offset, std::size_t length) {
  Reply::Node node;
  node.kind = kind;
  node.text = {offset - start_, length};
  return add(node);
}

ReplyParser::Step ReplyParser::line_value(char type, std::string_view line) {
  const std::size_t begin = at_ + 1;
  at_ = begin + line.size() + 2;
  Reply::Node node;
  switch (type) {
    case '+':
      return text(Kind::text, begin, line.size());
    case '-':
      return text(Kind::error, begin, line.size());
    case '(':
      if (!is_big_number(line)) return broken("a big number that is none");
      return text(Kind::big_number, begin, line.size());
    case ':': {
      const bool plus = line.starts_with('+');
      if (plus) line.remove_prefix(1);
      const auto value = plus && line.starts_with('-') ? std::nullopt : number<std::int64_t>(line);
      if (!value) return broken("an integer that is none");
      node.kind = Kind::integer;
      node.integer = *value;
      return add(node);
    }
    case ',': {
      const auto value = real_number(line);
      if (!value) return broken("a double that is none");
      node.kind = Kind::real;
      node.real = *value;
      return add(node);
    }
    case '#':
      if (line != "t" && line != "f") return broken("a boolean that is none");
      node.kind = Kind::boolean;
      node.boolean = line == "t";
      return add(node);
    default:
      if (!line.empty()) return broken("a null with something in it");
      return add(node);
  }
}

ReplyParser::Step ReplyParser::bulk(char type, std::string_view line) {
  const std::size_t header = line.size() + 3;
  if (type == '$' && line == "-1") {  // RESP2's null
    at_ += header;
    return add({});
  }
  if (line == "?") return broken("a streamed type");
  const auto length = number<std::size_t>(line);
  if (!length) return broken("a length that is none");
  if (*length > limits_.bytes) return broken("a reply above the limit");
  const std::size_t begin = at_ + header;
  if (filled_ < begin + *length + 2) return Step::need_more;
  if (buffer_[begin + *length] != '\r' || buffer_[begin + *length + 1] != '\n') {
    return broken("a bulk string without CR LF behind it");
  }
  at_ = begin + *length + 2;
  if (type == '!') return text(Kind::error, begin, *length);
  if (type == '$') return text(Kind::text, begin, *length);
  if (*length < 4 || buffer_[begin + 3] != ':') return broken("a verbatim string without its mark");
  return text(Kind::verbatim, begin + 4, *length - 4);
}

ReplyParser::Step ReplyParser::aggregate(char type, std::string_view line) {
  at_ += line.size() + 3;
  if (type == '*' && line == "-1") return add({});  // RESP2's null
  if (line == "?") return broken("a streamed type");
  const auto count = number<std::uint32_t>(line);
  if (!count) return broken("a count that is none");
  const std::size_t elements = std::size_t{*count} * (type == '%' || type == '|' ? 2 : 1);
  if (elements > limits_.elements) return broken("more elements than the limit");
  if (open_.size() >= limits_.depth) return broken("deeper nesting than the limit");
  if (type == '>' && !open_.empty()) return broken("a push inside a reply");
  if (type == '>' && elements == 0) return broken("a push without a kind");
  if (nodes_.size() >= limits_.elements) return broken("more elements than the limit");

  Reply::Node node;
  node.kind = type == '*' ? Kind::array : type == '~' ? Kind::set : type == '>' ? Kind::push : Kind::map;
  node.elements = static_cast<std::uint32_t>(elements);
  open_.push_back(
      {.node = static_cast<std::uint32_t>(nodes_.size()), .missing = node.elements, .attribute = type == '|'});
  nodes_.push_back(node);
  if (elements == 0) close();
  return Step::done;
}

ReplyParser::Step ReplyParser::add(const Reply::Node& node) {
  if (nodes_.size() >= limits_.elements) return broken("more elements than the limit");
  nodes_.push_back(node);
  if (!open_.empty()) {
    --open_.back().missing;
    close();
  }
  return Step::done;
}

void ReplyParser::close() {
  while (!open_.empty() && open_.back().missing == 0) {
    const Open done = open_.back();
    open_.pop_back();
    if (done.attribute) {
      // An attribute precedes the value it describes, and does not count as an element of the aggregate around it.
      nodes_.resize(done.node);
      return;
    }
    nodes_[done.node].extent = static_cast<std::uint32_t>(nodes_.size()) - done.node;
    if (!open_.empty()) --open_.back().missing;
  }
}

ReplyParser::Step ReplyParser::broken(std::string_view why) {
  fault_ = why;
  return Step::broken;
}

}  // namespace wx::redis
