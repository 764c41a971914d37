// Templates: HTML with {{slot}} where a value goes, and {{?flag}} ... {{/flag}} around what stands only if the flag is
// set. Sections may hold slots and other sections. A slot that nobody filled stays as it is, for a test to notice.
//
// Thread-safety: values and a pure function.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wx::pages {

class Values {
 public:
  // Plain text: escaped here. The name must outlive the values.
  void text(std::string_view name, std::string_view value);
  // HTML of our own making: as it is.
  void html(std::string_view name, std::string_view value);
  void flag(std::string_view name, bool value);

  // Null if there is none.
  [[nodiscard]] const std::string* find(std::string_view name) const;
  [[nodiscard]] bool is_set(std::string_view flag) const;

 private:
  std::vector<std::pair<std::string_view, std::string>> slots_;
  std::vector<std::string_view> flags_;
};

// Appends the filled template.
void fill(std::string& out, std::string_view source, const Values& values);

}  // namespace wx::pages
