#include "weather/question.hpp"

#include <cstring>
#include <stdexcept>

#include "base/hash.hpp"

namespace wx::weather {

Key::Key(const Question& question) {
  append(question.mock ? kMockKeys : "weather:");
  append(question.location.latitude.text);
  append(":");
  append(question.location.longitude.text);
  hash_ = hash64(text());
}

void Key::append(std::string_view part) {
  if (part.size() > text_.size() - size_) throw std::length_error("a cache key does not fit");
  std::memcpy(text_.data() + size_, part.data(), part.size());
  size_ += part.size();
}

}  // namespace wx::weather
