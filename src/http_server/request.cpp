#include "http_server/request.hpp"

#include "base/text.hpp"
#include "http_server/exchange.hpp"
#include "http_server/head_parser.hpp"
#include "http_server/normal_path.hpp"

namespace wx::http_server {

Method Request::method() const {
  return head_ == nullptr ? Method::get : head_->method;
}

std::string_view Request::target() const {
  return base_ == nullptr ? std::string_view() : head_->target.in(base_);
}

std::string_view Request::path() const {
  if (base_ == nullptr) return {};
  return head_->path.length == 0 ? std::string_view("/") : head_->path.in(base_);
}

std::optional<std::string_view> Request::normal_path() const {
  if (!path().contains('%')) return has_dot_segment(path()) ? std::nullopt : std::optional(path());
  std::string& kept = made().normal_path;
  if (kept.empty()) kept = http_server::normal_path(path()).value_or("");
  return kept.empty() ? std::nullopt : std::optional<std::string_view>(kept);
}

std::size_t Request::Made::memory() const {
  std::size_t bytes = sizeof *this + normal_path.capacity();
  for (const auto& text : combined) bytes += text.capacity();
  return bytes;
}

Request::Made& Request::made() const {
  if (!made_) made_ = std::make_unique<Made>();
  return *made_;
}

std::string_view Request::query() const {
  return base_ == nullptr ? std::string_view() : head_->query.in(base_);
}

std::optional<std::string_view> Request::field(Field field) const {
  if (base_ == nullptr || !head_->has(field)) return std::nullopt;
  if (head_->repeats(field)) return combined(field);
  return head_->fields[static_cast<std::size_t>(field)].in(base_);
}

bool Request::keep_alive() const {
  return head_ != nullptr && head_->keep_alive;
}

std::string_view Request::peer() const {
  return channel_ == nullptr ? std::string_view() : channel_->peer();
}

// Scans the head again, because repeated fields are too rare for the parser to record all values.
std::string_view Request::combined(Field field) const {
  const auto index = static_cast<std::size_t>(field);
  std::string& out = made().combined.at(index);
  if (!out.empty()) return out;
  std::string_view rest(base_, head_->size);
  rest.remove_prefix(rest.find("\r\n", head_->target.offset) + 2);
  bool first = true;
  for (std::size_t end = rest.find("\r\n"); end != 0; end = rest.find("\r\n")) {
    const std::string_view line = rest.substr(0, end);
    const std::size_t colon = line.find(':');
    if (iequals(line.substr(0, colon), kFieldNames[index])) {
      if (!std::exchange(first, false)) out += ", ";
      out += trim(line.substr(colon + 1));
    }
    rest.remove_prefix(end + 2);
  }
  return out;
}

}  // namespace wx::http_server
