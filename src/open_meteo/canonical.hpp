// Gives every question to the provider one text, however a client spells it, so that equal questions have one cache
// entry and make one call. Two questions are merged only where the provider's answers are known to be equal.
//
// Thread-safety: values and pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "open_meteo/api.hpp"
#include "open_meteo/asked.hpp"

namespace wx::open_meteo {

struct Question {
  Resource resource;
  // The canonical query, which is also what the provider is sent: unreserved characters of RFC 3986, ",", ":", "/",
  // escapes, and "&" and "=" between them. It never contains the client's API key.
  std::string query;
  Asked asked;
  bool has_key = false;  // the query had an API key; its value is not kept

  friend bool operator==(const Question&, const Question&) = default;
};

// The provider ignores parameters that it does not know. Those that it may come to know are kept.
enum class UnknownParameters : std::uint8_t { keep, drop };

struct QuestionOptions {
  UnknownParameters unknown = UnknownParameters::keep;
};

// `raw_query` is the query of a GET, or the body of a form, as received. Never fails: a question that cannot be read is
// opaque (see Asked), its query is the received text with other bytes escaped, and the provider answers it.
[[nodiscard]] Question make_question(Resource resource, std::string_view raw_query, const QuestionOptions& options);

// The text that identifies a question: "api:forecast?latitude=52.52&longitude=13.41". Of any length.
[[nodiscard]] std::string question_text(const Question& question);

// The key of a question's entry: "weather:om:" and the text, or, above 400 bytes,
// "weather:om:archive-api:archive#<first 128 bits of the text's SHA-256>". Only characters that a query may have, and
// '?' and '#'.
[[nodiscard]] std::string cache_key(const Question& question);

}  // namespace wx::open_meteo
