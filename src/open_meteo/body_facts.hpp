// What the check of an answer's body finds out.
//
// Thread-safety: values.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace wx::open_meteo {

struct BodyFacts {
  std::size_t size = 0;  // of the whole decoded body, in bytes
  // Hash of the body without what differs between two answers with the same data (generationtime_ms; in flatbuffers the
  // slot of the generation time), in hexadecimal: for the entity tag.
  std::string data_hash;
  // The body is valid in its way but says that there are no values (a bare nan, or nothing at all): pass it on, but do
  // not keep it as an answer.
  bool empty_of_values = false;
  // The start of the values of `current` and the end of its interval (JSON only; of several locations the earliest
  // start).
  std::optional<std::chrono::sys_seconds> current_time = std::nullopt;
  std::optional<std::chrono::seconds> current_interval = std::nullopt;
  // The utc_offset_seconds of every location, each value once. Empty if the format does not show it.
  std::vector<std::chrono::seconds> utc_offsets = {};
  // A column has no value (null, NaN) among the values of its last day. In CSV and FlatBuffers: at any time, because
  // their series are not told apart.
  bool ends_with_gap = false;
};

}  // namespace wx::open_meteo
