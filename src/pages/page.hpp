// The page, rendered here so that it works without JavaScript: the form, the result card, and faults explained.
//
// Thread-safety: pure functions. Everything that comes from outside is escaped here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "web/texts.hpp"

namespace wx::pages {

using web::Language;

// The form's fields as the visitor left them.
struct FormValues {
  std::string_view latitude = "52.52";
  std::string_view longitude = "13.41";
  bool mock = false;
};

enum class Mark : std::uint8_t { hit, miss, stale, bypass };

// A stop on the way of an answer.
enum class StopState : std::uint8_t {
  idle,      // nothing asked yet
  off,       // not there: not configured, or switched off
  skipped,   // nearer stops answered, or the question left it out
  passed,    // had nothing fresh
  answered,  // the answer came from here
  waited,    // the answer to somebody else's request served this one too
  slow,      // had not answered when something older was served
  failed,    // did not answer
};
struct Stop {
  StopState state = StopState::idle;
  std::optional<nanoseconds> took;
};
struct ReadPath {
  Stop memory;
  Stop redis;
  Stop provider;
  std::optional<nanoseconds> total;
};

// What the result card shows. Numbers are tokens as the source wrote them.
struct ResultCard {
  Mark mark = Mark::miss;
  std::string_view source;  // "Memory Cache ⚡"
  std::string_view temperature;
  std::string_view temperature_unit;
  std::string_view wind_speed;
  std::string_view wind_speed_unit;
  std::string_view latitude;
  std::string_view longitude;
  std::string_view time;  // empty for the mock
  long long age_seconds = 0;
  long long ttl_seconds = 0;
  ReadPath path;
};

struct ParameterFault {
  std::string parameter;
  std::string detail;  // English, as the JSON answer has it
};

struct ErrorCard {
  int status = 500;
  ErrorKind kind = ErrorKind::internal;
  std::string_view detail;  // English, or the provider's words
  std::vector<ParameterFault> faults;
  std::optional<long long> retry_after_seconds;
  std::string_view request_id;  // as a problem document's `instance` has it
};

struct PageModel {
  Language language = Language::en;
  bool explicit_language = false;  // the visitor chose it with ?lang=, so it goes on with the form
  std::optional<FormValues> form;  // if the weather was asked for, as it was; links then keep the question
  std::optional<ResultCard> result;
  std::optional<ErrorCard> error;
  bool lab = true;     // the mock and the page's experiments exist
  bool memory = true;  // the memory tier is switched on
  bool redis = false;  // a Redis is configured
  milliseconds mock_delay{500};
  milliseconds request_timeout{10'000};  // how long an answer may take, for the page's own patience
  std::string_view version;
};

// The whole document.
[[nodiscard]] std::string render_page(const PageModel& model);

// The page behind a problem's `type`: what the kind means and what to do.
[[nodiscard]] std::string render_problem_page(ErrorKind kind, Language language, bool explicit_language);

}  // namespace wx::pages
