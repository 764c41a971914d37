#include "flow/json.hpp"

#include <simdjson.h>

namespace wx::test {

bool is_json(std::string_view text) {
  simdjson::dom::parser parser;
  simdjson::dom::element document;
  return parser.parse(simdjson::padded_string(text)).get(document) == simdjson::SUCCESS;
}

std::string json_at(std::string_view text, std::string_view pointer) {
  simdjson::dom::parser parser;
  simdjson::dom::element value;
  if (parser.parse(simdjson::padded_string(text)).at_pointer(pointer).get(value) != simdjson::SUCCESS) return {};
  std::string_view string;
  if (value.get(string) == simdjson::SUCCESS) return std::string(string);
  return simdjson::minify(value);
}

}  // namespace wx::test
