#include "weather/question.hpp"

#include <algorithm>
#include <cstring>

#include "base/hash.hpp"

namespace wx::weather {

Key::Key(const Question& question) {
  append(question.mock ? "weather:mock:" : "weather:");
  append(question.location.latitude.text);
  append(":");
  append(question.location.longitude.text);
  hash_ = hash64(text());
}

void Key::append(std::string_view part) {
  const auto length = std::min(part.size(), text_.size() - size_);
  std::memcpy(text_.data() + size_, part.data(), length);
  size_ += length;
}

}  // namespace wx::weather
