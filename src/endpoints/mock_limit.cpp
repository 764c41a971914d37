#include "endpoints/mock_limit.hpp"

#include <unordered_map>
#include <utility>

#include "base/mutex.hpp"

namespace wx::endpoints {
namespace {

// Rounded up, so the parts of a window may allow more than the whole, which has a limit of its own.
ClientLimitOptions a_fifth(ClientLimitOptions loads) {
  constexpr std::uint32_t kParts = 5;
  loads.loads = (loads.loads + kParts - 1) / kParts;
  loads.window /= kParts;
  return loads;
}

Error limited(std::string detail, milliseconds retry_after) {
  return {.kind = ErrorKind::mock_limited, .detail = std::move(detail), .retry_after = retry_after};
}

}  // namespace

// The loads of cache=off that run at present.
class MockLimit::Running : public std::enable_shared_from_this<Running> {
 public:
  // Ends the load that it stands for.
  using Pass = std::shared_ptr<const void>;

  // Null if too many run.
  Pass begin(std::uint64_t key) {
    {
      const Lock lock(mutex_);
      auto& of_client = by_client_[key];
      if (of_client >= kMostRunningPerClient || all_ >= kMostRunning) {
        if (of_client == 0) by_client_.erase(key);
        return nullptr;
      }
      ++of_client;
      ++all_;
    }
    return {this, [self = shared_from_this(), key](const void*) { self->end(key); }};
  }

 private:
  void end(std::uint64_t key) {
    const Lock lock(mutex_);
    --all_;
    const auto found = by_client_.find(key);
    if (--found->second == 0) by_client_.erase(found);
  }

  Mutex mutex_;
  std::size_t all_ WX_GUARDED_BY(mutex_) = 0;
  std::unordered_map<std::uint64_t, std::size_t> by_client_ WX_GUARDED_BY(mutex_);
};

// A load that counts within its window and within the part of it.
struct MockLimit::Counted {
  ClientLimit::Reservation whole;
  ClientLimit::Reservation part;

  void keep() {
    whole.keep();
    part.keep();
  }
};

// The places that are being asked for.
class MockLimit::Asked : public std::enable_shared_from_this<Asked> {
 public:
  using Shared = std::shared_ptr<Counted>;

  // Null if nobody asks.
  Shared find(std::uint64_t place) {
    const Lock lock(mutex_);
    const auto found = places_.find(place);
    return found == places_.end() ? nullptr : found->second.lock();
  }

  Shared add(std::uint64_t place, Counted counted) {
    Shared shared(new Counted(std::move(counted)), [self = shared_from_this(), place](Counted* ended) {
      const std::unique_ptr<Counted> owned(ended);
      self->forget(place);
    });
    const Lock lock(mutex_);
    places_[place] = shared;
    return shared;
  }

  // The loads of a place may begin on several threads.
  void keep(Counted& counted) {
    const Lock lock(mutex_);
    counted.keep();
  }

 private:
  void forget(std::uint64_t place) {
    const Lock lock(mutex_);
    const auto found = places_.find(place);
    if (found != places_.end() && found->second.expired()) places_.erase(found);  // else it is asked for again
  }

  Mutex mutex_;
  std::unordered_map<std::uint64_t, std::weak_ptr<Counted>> places_ WX_GUARDED_BY(mutex_);
};

MockLimit::MockLimit(const ClientLimitOptions& loads)
    : whole_(loads), part_(a_fifth(loads)), running_(std::make_shared<Running>()), asked_(std::make_shared<Asked>()) {}

Result<weather::MayLoad> MockLimit::admit(std::string_view client, cache::Mode mode, std::uint64_t key_hash,
                                          SteadyTime now) {
  if (mode == cache::Mode::bypass) return admit_bypass(client);
  const auto place = key_hash ^ client_key(client);
  auto shared = asked_->find(place);
  if (!shared) {
    auto counted = count(client, now);
    if (!counted) {
      return std::unexpected(
          limited("too many new places in a short time; what the memory of this server holds is still answered",
                  counted.error().retry_after.value_or(milliseconds(0))));
    }
    shared = asked_->add(place, *std::move(counted));
  }
  return [asked = asked_, shared = std::move(shared)]() -> Result<cache::Begun> {
    return [asked, shared] { asked->keep(*shared); };
  };
}

Result<MockLimit::Counted> MockLimit::count(std::string_view client, SteadyTime now) {
  auto whole = whole_.reserve(client, now);
  if (!whole) return std::unexpected(std::move(whole.error()));
  auto part = part_.reserve(client, now);
  if (!part) return std::unexpected(std::move(part.error()));
  return Counted{.whole = *std::move(whole), .part = *std::move(part)};
}

// The pass is a part of the loader, which lives until its load has ended.
Result<weather::MayLoad> MockLimit::admit_bypass(std::string_view client) {
  auto pass = running_->begin(client_key(client));
  if (!pass) return std::unexpected(limited("too many requests with cache=off run at once", std::chrono::seconds(1)));
  return [pass = std::move(pass)]() -> Result<cache::Begun> { return cache::Begun(); };
}

}  // namespace wx::endpoints
