// The rules for a JSON answer, fed with the events of a parser:
//
//   weather     an object, or a list with one object for each location. Each has a finite latitude and longitude. In a
//               section of series (hourly, daily, ...) every column is as long as its `time`.
//   elevation   {"elevation": [a finite number for each coordinate]}
//   the others  an object
//
// An object with `error` is no answer. Members that are not mentioned here are free, so that answers may grow.
//
// Thread-safety: one JsonRules is for one thread at a time.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "open_meteo/asked.hpp"
#include "open_meteo/body_facts.hpp"
#include "open_meteo/utc_offsets.hpp"

namespace wx::open_meteo {

class JsonRules {
 public:
  // The most bytes of a name or text that make a difference here.
  static constexpr std::size_t kLongestText = 32;

  explicit JsonRules(const Asked& asked);

  // The events of the document. `object` tells an object from an array; `count` is the number of elements. A name or
  // text that is longer than kLongestText may come shortened to a byte more than that.
  void open(bool object);
  void close(std::size_t count);
  void name(std::string_view name);
  void number(double value);
  void text(std::string_view text);
  void boolean(bool value);
  void null();

  // Whether the events are the values of a series, whose texts do not matter.
  [[nodiscard]] bool in_column() const { return where_ == Where::column; }
  // Whether the value that follows is the time that the provider took.
  [[nodiscard]] bool at_generation_time() const { return member_ == Member::generation_time; }

  // To be called after a whole document. `has_nan`: a null may have been a nan.
  [[nodiscard]] Result<void> finish(bool has_nan, BodyFacts& facts);

 private:
  enum class Where : std::uint8_t {
    document,   // outside of everything
    locations,  // the list of locations
    location,   // an answer for one location
    current,
    section,  // hourly and its like
    column,   // one series of a section
    heights_object,
    heights,
    object,  // an answer of which nothing more is asked
    other,
  };
  enum class Member : std::uint8_t {
    other,
    latitude,
    longitude,
    generation_time,
    utc_offset,
    error,
    current,
    series,       // a section of which no gap matters
    minutely_15,  // from here on: sections with the length of a day
    hourly,
    daily,
    time,
    interval,
    heights,
  };
  struct Place {
    bool latitude = false;
    bool longitude = false;
    std::chrono::seconds offset{0};
    bool has_current = false;
    std::optional<std::chrono::sys_seconds> time;
    bool is_local = false;  // `time` is that of the place, else that of UTC
    std::optional<std::chrono::seconds> interval;
  };
  struct Section {
    bool has_time = false;
    bool has_column = false;
    std::size_t length = 0;
    std::size_t day = 0;  // the number of values of a day; 0 if no gap matters
  };

  static Member member_of_answer(std::string_view name);
  static std::size_t values_per_day(Member section);

  void expect(bool holds, std::string_view otherwise);
  void other_value();
  Where inside(bool object) const;
  void number_of_answer(double value);
  void time_of_current(double unix_seconds);
  void end_location();
  void end_column(std::size_t count);

  Asked asked_;
  Where root_;  // what an object as the whole document is
  Where where_ = Where::document;
  Member member_ = Member::other;
  std::vector<Where> outer_;

  Place place_;
  Section section_;
  // Since the last null of the current column. Far above any length if there was none.
  static constexpr std::size_t kNever = std::numeric_limits<std::size_t>::max() / 2;
  std::size_t values_since_null_ = kNever;

  std::string_view wrong_;  // the first broken rule
  bool is_error_ = false;
  bool is_nowhere_ = false;  // a location without coordinates
  std::size_t locations_ = 1;
  std::optional<std::size_t> heights_;
  bool has_height_gap_ = false;
  UtcOffsets offsets_;
  std::optional<std::chrono::sys_seconds> current_time_;
  std::optional<std::chrono::seconds> current_interval_;
  bool ends_with_gap_ = false;
};

inline void JsonRules::number(double value) {
  if (where_ == Where::column) {
    ++values_since_null_;
  } else {
    number_of_answer(value);
  }
}

}  // namespace wx::open_meteo
