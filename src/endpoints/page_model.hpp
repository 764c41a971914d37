// Builds the page's model from a request and an answer.
//
// Thread-safety: pure functions of their arguments.
#pragma once

#include "cache/lookup.hpp"
#include "endpoints/context.hpp"
#include "http_server/request.hpp"
#include "pages/page.hpp"

namespace wx::endpoints {

// The model of the page before any lookup: its language and the features of this service.
[[nodiscard]] pages::PageModel page_model(const Context& context, const http_server::Request& request);

// The cache tiers that are enabled.
struct Tiers {
  bool memory = true;
  bool redis = true;
};
[[nodiscard]] Tiers tiers_of(const Context& context);

// The state and duration of each stop (memory, Redis, provider) on the way to an answer. `total` runs from the request
// being read to now.
[[nodiscard]] pages::ReadPath read_path(const cache::Served& served, Tiers tiers, cache::Mode mode, nanoseconds total);

// The same for a question that ended in an error; nothing if the error does not tell how far the question got.
// `redis_down`: Redis does not answer at the moment.
[[nodiscard]] std::optional<pages::ReadPath> failed_path(const Error& error, Tiers tiers, cache::Mode mode,
                                                         bool redis_down, nanoseconds total);

// Whether a question with this error got as far as Redis, if there is one.
[[nodiscard]] bool asked_redis(const Error& error, cache::Mode mode);

}  // namespace wx::endpoints
