// The limits of single clients that all I/O threads share.
//
// Thread-safety: see the members.
#pragma once

#include "endpoints/client_limit.hpp"
#include "endpoints/mock_limit.hpp"

namespace wx::endpoints {

struct LimitOptions {
  ClientLimitOptions client_loads;  // CLIENT_LOADS
  ClientLimitOptions mock_loads;    // MOCK_LOADS
};

struct Limits {
  explicit Limits(const LimitOptions& options) : loads(options.client_loads), mock(options.mock_loads) {}

  ClientLimit loads;
  MockLimit mock;
  // Wrong admin tokens. A person mistypes a few times; a program that guesses needs far more than ten a minute.
  ClientLimit token_guesses{{.loads = 10, .window = std::chrono::minutes(1)}};
  // Wrong tokens in requests that need none.
  ClientLimit unasked_tokens{{.loads = 10, .window = std::chrono::minutes(1)}};
};

}  // namespace wx::endpoints
