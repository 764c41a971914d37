// One provider call as its caller describes it: the request target and the reader of the reply.
//
// Thread-safety: values; a Reader is called on one thread at a time.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "cache/loader.hpp"
#include "http_client/http_client.hpp"
#include "open_meteo/api.hpp"

namespace wx::open_meteo {

using Reply = http_client::GetResponse;

// The times of one attempt, by the wall clock as it is when the reply is read.
struct AttemptTimes {
  WallTime sent;      // the request; the reply may be as old as that
  WallTime received;  // the reply
  // The provider's clock minus this machine's, by the reply's date; empty without a date. The reader resets it if the
  // reply's content shows that the date is wrong.
  std::optional<milliseconds> ahead = {};

  // The same times by the provider's clock, as far as it is known.
  [[nodiscard]] WallTime sent_there() const { return sent + ahead.value_or(milliseconds(0)); }
  [[nodiscard]] WallTime received_there() const { return received + ahead.value_or(milliseconds(0)); }
};

// Turns one reply into the value for the cache, or into an error. Called at most once per attempt, on the HTTP client's
// thread, with a reply whose body came whole.
// It need not set cache::Loaded::request_time, which the caller sets. The kind of the error determines the reaction of
// the breaker, the pause after a 429, and whether a second attempt is made. refusal() makes the error for a status
// other than 2xx.
using Reader = std::move_only_function<Result<cache::Loaded>(Reply reply, AttemptTimes& times)>;

struct Call {
  Label label = Label::api;  // which of the provider's hosts is called
  std::string target;        // path and query, without a host: "/v1/forecast?latitude=..."
  // Hands the body to the reader as it was sent (gzip, or not encoded).
  bool keep_encoding = false;
  // The largest body, in bytes as they are handed over; 0: the client's limit.
  std::size_t max_body = 0;
  Reader read;
};

}  // namespace wx::open_meteo
