// One call of the provider as its caller describes it: what to ask for, and how to read the reply.
//
// Thread-safety: values; a Reader is called on one thread at a time.
#pragma once

#include <functional>
#include <string>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "cache/loader.hpp"
#include "http_client/http_client.hpp"

namespace wx::open_meteo {

using Reply = http_client::GetResponse;

// Judges one reply and makes the value for the cache. Called once per attempt, on the HTTP client's thread. `now` is
// the time of the reply. The kind of an Error decides about the breaker, the pause after a limit, and a second attempt;
// see refusal() for a reply whose status is not 2xx.
using Reader = std::move_only_function<Result<cache::Loaded>(Reply reply, WallTime now)>;

struct Call {
  std::string target;  // path and query, without a host: "/v1/forecast?latitude=..."
  Reader read;
};

}  // namespace wx::open_meteo
