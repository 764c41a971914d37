// MOCK_LOADS bounds what one client may ask of the mock, so that a flood of mock requests fills neither Redis nor
// memory, and keeps neither busy. It decides before any tier but memory is asked.
//
// New places: a question that the caches may have to load is counted when it is asked, and taken back if it caused no
// load. So an answer from Redis costs nothing, and a flood of new places is refused before Redis hears of it. Questions
// of one client about one place that are asked at the same time count once, because they cause one load. The setting is
// a rate; a fifth of it, rounded up, may come at once (600/m: 120 in 12 s), and the next fifth is free when that time
// is over.
//
// cache=off stores nothing. It is bounded by the loads that run at once, for one client and in all. A class of thirty
// behind one address, each with the six connections of a browser, stays far below.
//
// Thread-safety: any thread; what admit() returns may end on any thread, and after this object.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "cache/lookup.hpp"
#include "endpoints/client_limit.hpp"
#include "weather/service.hpp"

namespace wx::endpoints {

class MockLimit {
 public:
  static constexpr std::size_t kMostRunningPerClient = 1'000;
  static constexpr std::size_t kMostRunning = 4'000;

  explicit MockLimit(const ClientLimitOptions& loads);

  [[nodiscard]] bool enabled() const { return whole_.enabled(); }

  // Returns what the service asks before it loads, or mock_limited with retry_after. `key_hash`: of the cache key. Only
  // if enabled().
  [[nodiscard]] Result<weather::MayLoad> admit(std::string_view client, cache::Mode mode, std::uint64_t key_hash,
                                               SteadyTime now);

 private:
  class Running;
  class Asked;
  struct Counted;
  [[nodiscard]] Result<Counted> count(std::string_view client, SteadyTime now);
  [[nodiscard]] Result<weather::MayLoad> admit_bypass(std::string_view client);

  ClientLimit whole_;
  ClientLimit part_;  // a fifth
  std::shared_ptr<Running> running_;
  std::shared_ptr<Asked> asked_;
};

}  // namespace wx::endpoints
