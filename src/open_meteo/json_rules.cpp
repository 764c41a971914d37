#include "open_meteo/json_rules.hpp"

#include <array>
#include <cmath>
#include <utility>

#include "open_meteo/body_check_formats.hpp"
#include "open_meteo/time_text.hpp"

namespace wx::open_meteo {
namespace {

constexpr double kLongestInterval = 86400;  // seconds; a day
constexpr double kLatestTime = 1e11;        // Unix seconds; beyond the year 5000

constexpr std::string_view kNotAnObject = "the reply is not a JSON object";

bool is_whole(double value, double least, double most) {
  return value >= least && value <= most && std::trunc(value) == value;
}

}  // namespace

JsonRules::JsonRules(const Asked& asked) : asked_(asked) {
  const Content content = content_of(asked.path);
  const bool is_elevation = content == Content::elevation && !asked.opaque;
  root_ = content == Content::weather ? Where::location : is_elevation ? Where::heights_object : Where::object;
}

JsonRules::Member JsonRules::member_of_answer(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, Member>, 13> kMembers{{
      {"latitude", Member::latitude},
      {"longitude", Member::longitude},
      {"generationtime_ms", Member::generation_time},
      {"utc_offset_seconds", Member::utc_offset},
      {"error", Member::error},
      {"current", Member::current},
      {"current_weather", Member::current},
      {"minutely_15", Member::minutely_15},
      {"hourly", Member::hourly},
      {"daily", Member::daily},
      {"weekly", Member::series},
      {"monthly", Member::series},
      {"elevation", Member::heights},
  }};
  for (const auto& [known, member] : kMembers) {
    if (name == known) return member;
  }
  return Member::other;
}

std::size_t JsonRules::values_per_day(Member section) {
  switch (section) {
    case Member::minutely_15:
      return 96;
    case Member::hourly:
      return 24;
    case Member::daily:
      return 1;
    default:
      return 0;
  }
}

// Of an opaque question it is not known which rules hold.
void JsonRules::expect(bool holds, std::string_view otherwise) {
  if (!holds && wrong_.empty() && !asked_.opaque) wrong_ = otherwise;
}

// What an object or an array is that opens now.
JsonRules::Where JsonRules::inside(bool object) const {
  switch (where_) {
    case Where::document:
      if (object) return root_;
      return root_ == Where::location ? Where::locations : Where::other;
    case Where::locations:
      return object ? Where::location : Where::other;
    case Where::location:
      if (!object) return Where::other;
      if (member_ == Member::current) return Where::current;
      return member_ >= Member::series && member_ <= Member::daily ? Where::section : Where::other;
    case Where::section:
      return object ? Where::other : Where::column;
    case Where::heights_object:
      return !object && member_ == Member::heights ? Where::heights : Where::other;
    default:
      return Where::other;
  }
}

void JsonRules::open(bool object) {
  const Where inner = inside(object);
  if (inner == Where::other) {
    other_value();
  } else if (inner == Where::location) {
    place_ = {};
  } else if (inner == Where::section) {
    section_ = {.day = values_per_day(member_)};
  } else if (inner == Where::column) {
    section_.has_time = section_.has_time || member_ == Member::time;
    values_since_null_ = kNever;
  } else if (inner == Where::current) {
    place_.has_current = true;
  }
  outer_.push_back(std::exchange(where_, inner));
  member_ = Member::other;
}

void JsonRules::close(std::size_t count) {
  switch (where_) {
    case Where::locations:
      locations_ = count;
      break;
    case Where::location:
      end_location();
      break;
    case Where::section:
      expect(section_.has_time || !section_.has_column, "the reply has a series without times");
      break;
    case Where::column:
      end_column(count);
      break;
    case Where::heights:
      heights_ = count;
      break;
    default:
      break;
  }
  where_ = outer_.back();
  outer_.pop_back();
}

void JsonRules::name(std::string_view name) {
  switch (where_) {
    case Where::location:
    case Where::heights_object:
    case Where::object:
      member_ = member_of_answer(name);
      break;
    case Where::current:
      member_ = name == "time" ? Member::time : name == "interval" ? Member::interval : Member::other;
      break;
    case Where::section:
      member_ = name == "time" ? Member::time : Member::other;
      break;
    default:
      break;
  }
}

void JsonRules::number_of_answer(double value) {
  switch (where_) {
    case Where::location:
      if (member_ == Member::latitude) place_.latitude = std::isfinite(value);
      if (member_ == Member::longitude) place_.longitude = std::isfinite(value);
      if (member_ == Member::utc_offset) {
        const bool good = offsets_.add(value);
        expect(good, "the reply has an invalid utc_offset_seconds");
        if (good) place_.offset = std::chrono::seconds(static_cast<long long>(value));
      }
      if (member_ == Member::latitude || member_ == Member::longitude || member_ == Member::utc_offset) return;
      break;
    case Where::current:
      if (member_ == Member::time) return time_of_current(value);
      if (member_ == Member::interval) {
        const bool good = is_whole(value, 1, kLongestInterval);
        expect(good, "the reply has an invalid current.interval");
        if (good) place_.interval = std::chrono::seconds(static_cast<long long>(value));
      }
      return;
    case Where::heights:
      expect(std::isfinite(value), "the reply has an invalid elevation");
      return;
    default:
      break;
  }
  other_value();
}

void JsonRules::time_of_current(double unix_seconds) {
  if (!is_whole(unix_seconds, 0, kLatestTime)) return;
  place_.time = std::chrono::sys_seconds(std::chrono::seconds(static_cast<long long>(unix_seconds)));
  place_.is_local = false;
}

void JsonRules::text(std::string_view text) {
  if (where_ == Where::column) {
    ++values_since_null_;
  } else if (where_ == Where::current && member_ == Member::time) {
    place_.time = parse_time(text);
    place_.is_local = true;
  } else {
    other_value();
  }
}

void JsonRules::boolean(bool value) {
  if (where_ == Where::column) {
    ++values_since_null_;
  } else if (value || member_ != Member::error) {
    other_value();
  }
}

void JsonRules::null() {
  if (where_ == Where::column) {
    values_since_null_ = 0;
  } else if (where_ == Where::heights) {
    has_height_gap_ = true;
  } else if (where_ != Where::location || (member_ != Member::latitude && member_ != Member::longitude)) {
    other_value();
  }
}

// A value that has no meaning of its own here, or the wrong one.
void JsonRules::other_value() {
  switch (where_) {
    case Where::document:
      expect(false, kNotAnObject);
      break;
    case Where::locations:
      expect(false, "the reply is not a list of locations");
      break;
    case Where::location:
    case Where::heights_object:
    case Where::object:
      if (member_ == Member::error) is_error_ = true;
      expect(member_ != Member::utc_offset, "the reply has an invalid utc_offset_seconds");
      break;
    case Where::column:
      ++values_since_null_;
      break;
    case Where::heights:
      expect(false, "the reply has an invalid elevation");
      break;
    default:
      break;
  }
}

void JsonRules::end_location() {
  if (!place_.latitude || !place_.longitude) is_nowhere_ = true;
  if (!place_.has_current) return;
  expect(place_.time.has_value(), "the reply has an invalid current.time");
  if (!place_.time) return;
  const auto time = *place_.time - (place_.is_local ? place_.offset : std::chrono::seconds(0));
  if (current_time_ && *current_time_ <= time) return;
  current_time_ = time;
  current_interval_ = place_.interval;
}

void JsonRules::end_column(std::size_t count) {
  expect(!section_.has_column || section_.length == count, "the reply has series of different lengths");
  section_.has_column = true;
  section_.length = count;
  if (values_since_null_ < section_.day) ends_with_gap_ = true;
}

Result<void> JsonRules::finish(bool has_nan, BodyFacts& facts) {
  if (is_error_) return wrong_body("the reply reports an error");
  const bool is_weather = root_ == Where::location;
  expect(has_nan || !is_weather || !is_nowhere_, "the reply has no latitude or no longitude");
  expect(has_nan || !has_height_gap_, "the reply has an invalid elevation");
  expect(root_ != Where::heights_object || heights_.has_value(), "the reply has no elevation");
  const std::size_t count = is_weather ? locations_ : heights_.value_or(asked_.locations);
  expect(asked_.locations == 0 || count == asked_.locations,
         "the reply has another number of locations than the question");
  if (!wrong_.empty()) return wrong_body(std::string(wrong_));
  facts.empty_of_values = has_nan;
  facts.current_time = current_time_;
  facts.current_interval = current_interval_;
  facts.utc_offsets = offsets_.take();
  facts.ends_with_gap = ends_with_gap_;
  return {};
}

}  // namespace wx::open_meteo
