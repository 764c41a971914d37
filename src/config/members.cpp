#include "config/members.hpp"

#include "config/values.hpp"

namespace wx::config {

bool set_duration(milliseconds& target, std::string_view value, milliseconds least, milliseconds most,
                  std::string& why) {
  const auto span = parse_duration(value);
  if (!span) why = ambiguous_duration(value);
  if (!span || *span < least || *span > most) return false;
  target = *span;
  return true;
}

bool set_bytes(std::uint64_t& target, std::string_view value, std::uint64_t least, std::uint64_t most,
               std::string& why) {
  const auto bytes = parse_bytes(value);
  if (!bytes) why = ambiguous_bytes(value);
  if (!bytes || *bytes < least || *bytes > most) return false;
  target = *bytes;
  return true;
}

bool set_switch(bool& target, std::string_view value) {
  const auto on = parse_switch(value);
  if (on) target = *on;
  return on.has_value();
}

bool is_auto(std::string_view value) {
  return iequals(value, "auto");
}

bool set_duration_or_auto(std::optional<milliseconds>& target, std::string_view value, milliseconds least,
                          milliseconds most, std::string& why) {
  if (is_auto(value)) {
    target.reset();
    return true;
  }
  milliseconds span{};
  if (!set_duration(span, value, least, most, why)) return false;
  target = span;
  return true;
}

std::string show_duration_or_auto(const std::optional<milliseconds>& span) {
  return span ? format_duration(*span) : "auto";
}

std::string show_decimal(double value) {
  std::string text;
  append_fixed(text, value, 6);
  while (text.ends_with('0')) text.pop_back();
  if (text.ends_with('.')) text.pop_back();
  return text;
}

}  // namespace wx::config
