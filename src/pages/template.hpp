// Templates: HTML with {{slot}} for a value and {{?flag}} ... {{/flag}} around a section that appears only if the flag
// is set. A section may contain slots, and sections of other flags. A slot without a value stays in the output, so that
// a test notices it.
//
// Thread-safety: plain values and a pure function.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wx::pages {

// Names are not copied: they must outlive this object.
class Values {
 public:
  // Plain text; this function escapes it.
  void set_text(std::string_view name, std::string_view value);
  // HTML that the program made itself; not escaped.
  void set_html(std::string_view name, std::string_view value);
  void set_flag(std::string_view name, bool value);

  // Returns null if the slot has no value.
  [[nodiscard]] const std::string* find(std::string_view name) const;
  [[nodiscard]] bool is_set(std::string_view flag) const;

 private:
  std::vector<std::pair<std::string_view, std::string>> slots_;
  std::vector<std::string_view> flags_;
};

// Appends the filled template. Inserted values are not searched for slots.
void fill(std::string& out, std::string_view source, const Values& values);

}  // namespace wx::pages
