// What the page is told of a request and of an answer.
//
// Thread-safety: pure functions of what they are given.
#pragma once

#include "cache/loader.hpp"
#include "endpoints/context.hpp"
#include "http_server/request.hpp"
#include "pages/page.hpp"

namespace wx::endpoints {

// The page before any question: language and what this service offers.
[[nodiscard]] pages::PageModel page_model(const Context& context, const http_server::Request& request);

// Which tiers this service has.
struct Tiers {
  bool memory = true;
  bool redis = true;
};
[[nodiscard]] Tiers tiers_of(const Context& context);

// The stops that an answer took, with their times. `total`: from the request read to now.
[[nodiscard]] pages::ReadPath read_path(const cache::Served& served, Tiers tiers, cache::Mode mode, nanoseconds total);

}  // namespace wx::endpoints
