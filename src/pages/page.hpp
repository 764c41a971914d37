// Renders the service's HTML pages on the server, so that they work without JavaScript: the weather page (form, result
// card, error card), the page of an error that has nothing to do with the form, and the explanation of an error kind.
//
// Thread-safety: pure functions. They escape everything that comes from outside.
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
  std::string_view latitude;
  std::string_view longitude;
  bool mock = false;
};

// How the cache took part: the badge on the result card.
enum class Mark : std::uint8_t { hit, miss, stale, bypass };

// State of a stop in the drawing of a read: memory, Redis, or the provider.
enum class StopState : std::uint8_t {
  idle,      // no question yet
  off,       // not configured, or switched off
  skipped,   // a nearer stop answered, or the query excluded this one
  passed,    // was asked and had nothing fresh
  answered,  // gave the answer
  waited,    // the answer to another request served this one too
  slow,      // had not answered in time: an older copy was served, or nothing
  refused,   // rejected the question
  failed,    // did not answer, or answered with an error
  spared,    // was not called after earlier failures, or at a limit
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

// The contents of the result card. Numbers are JSON tokens as the provider wrote them, "null" where it has no value.
struct ResultCard {
  Mark mark = Mark::miss;
  std::string_view source;  // "Memory Cache ⚡"
  std::string_view temperature;
  std::string_view temperature_unit;
  std::string_view wind_speed;
  std::string_view wind_speed_unit;
  std::string_view latitude;
  std::string_view longitude;
  std::string_view time;  // of the measurement, in GMT; empty for the mock
  long long age_seconds = 0;
  long long ttl_seconds = 0;  // zero or less: not fresh
  ReadPath path;
};

struct ParameterFault {
  std::string parameter;
  std::string detail;  // English, as in the JSON answer
};

struct ErrorCard {
  int status = 500;
  ErrorKind kind = ErrorKind::internal;
  std::string_view detail;  // English, or the provider's own text
  std::vector<ParameterFault> faults;
  std::optional<long long> retry_after_seconds;
  std::string_view request_id;   // as in the `instance` of a problem document
  std::optional<ReadPath> path;  // how far the question got; nothing if nothing was asked, or if that is not known
};

// Views must stay valid during render_page().
struct PageModel {
  Language language = Language::en;
  bool explicit_language = false;  // chosen with ?lang=, so the form and the links keep it
  std::optional<FormValues> form;  // the question, if there was one; the links keep it. Else the first of places()
  std::optional<ResultCard> result;
  std::optional<ErrorCard> error;
  bool lab = true;                       // the mock and the page's experiments exist
  bool memory = true;                    // the memory tier is switched on
  bool redis = false;                    // a Redis is configured
  bool redis_outage = false;             // the page may take it away for a while
  milliseconds mock_delay{500};          // how long the mock takes
  milliseconds mock_fresh_for{10'000};   // how long the cache keeps an answer of the mock
  milliseconds request_timeout{10'000};  // how long an answer may take; the page derives its own timeout from it
  std::string_view version;
  std::string_view public_url;  // of the start page, without a trailing slash; empty: unknown
};

// The whole document.
[[nodiscard]] std::string render_page(const PageModel& model);

// A page that only says what went wrong, or what a kind of error means.
struct ProblemPage {
  Language language = Language::en;
  bool explicit_language = false;
  ErrorKind kind = ErrorKind::internal;
  std::optional<ErrorCard> error =
      std::nullopt;  // of the answer; none on the page at a problem's `type`, which explains the kind
};
[[nodiscard]] std::string render_problem_page(const ProblemPage& page);

}  // namespace wx::pages
