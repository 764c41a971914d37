#include "endpoints/client_limit.hpp"

#include <list>
#include <unordered_map>
#include <utility>

#include "base/hash.hpp"
#include "base/ip_address.hpp"
#include "base/mutex.hpp"
#include "base/rate.hpp"
#include "base/text.hpp"

namespace wx::endpoints {

// Two clients with the same key would share one budget. With 64 bits and 10,000 clients, a collision by chance is
// negligible.
std::uint64_t client_key(std::string_view address) {
  const auto ip = parse_ip(address);
  if (!ip) return hash64(address, 1);
  const auto significant = ip->is_v4() ? ip->bytes.size() : 8;
  return hash64({reinterpret_cast<const char*>(ip->bytes.data()), significant});
}

Result<ClientLimitOptions> parse_client_loads(std::string_view text) {
  text = trim(text);
  ClientLimitOptions options;
  if (iequals(text, "off")) return options;
  const auto rate = parse_rate(text);
  if (!rate) return std::unexpected(rate.error());
  options.loads = rate->count;
  options.window = length(rate->window);
  return options;
}

std::string format_client_loads(const ClientLimitOptions& options) {
  if (options.loads == 0) return "off";
  for (const Window window : kAllWindows) {
    if (length(window) == options.window) return format_rate({.count = options.loads, .window = window});
  }
  return cat(options.loads, "/", options.window.count(), "s");
}

class ClientLimit::Table {
 public:
  explicit Table(const ClientLimitOptions& options) : options_(options) {}

  struct Counted {
    Verdict verdict;
    SteadyTime window_ends;
  };
  Counted count(std::uint64_t key, SteadyTime now) {
    const Lock lock(mutex_);
    Client& client = latest(key, now);
    if (now >= client.window_ends) client = {.key = key, .window_ends = now + options_.window, .loads = 0};
    const auto verdict = judge(client, now);
    if (verdict.allowed) ++client.loads;
    return {verdict, client.window_ends};
  }

  [[nodiscard]] Verdict check(std::uint64_t key, SteadyTime now) const {
    const Lock lock(mutex_);
    const auto known = by_key_.find(key);
    return known == by_key_.end() || now >= known->second->window_ends ? Verdict() : judge(*known->second, now);
  }

  void take_back(std::uint64_t key, SteadyTime window_ends) {
    const Lock lock(mutex_);
    const auto known = by_key_.find(key);
    if (known == by_key_.end() || known->second->window_ends != window_ends || known->second->loads == 0) return;
    --known->second->loads;
  }

  [[nodiscard]] std::size_t size() const {
    const Lock lock(mutex_);
    return clients_.size();
  }

 private:
  struct Client {
    std::uint64_t key;
    SteadyTime window_ends;
    std::uint32_t loads;
  };

  [[nodiscard]] Verdict judge(const Client& client, SteadyTime now) const {
    if (client.loads < options_.loads) return {};
    return {.allowed = false, .retry_after = std::chrono::ceil<milliseconds>(client.window_ends - now)};
  }

  // The client, which becomes the most recent one.
  Client& latest(std::uint64_t key, SteadyTime now) WX_REQUIRES(mutex_) {
    if (const auto known = by_key_.find(key); known != by_key_.end()) {
      clients_.splice(clients_.begin(), clients_, known->second);
      return clients_.front();
    }
    if (clients_.size() >= options_.max_clients && !clients_.empty()) {
      by_key_.erase(clients_.back().key);
      clients_.pop_back();
    }
    clients_.push_front({.key = key, .window_ends = now + options_.window, .loads = 0});
    by_key_[key] = clients_.begin();
    return clients_.front();
  }

  const ClientLimitOptions options_;
  mutable Mutex mutex_;
  std::list<Client> clients_ WX_GUARDED_BY(mutex_);  // most recent first
  std::unordered_map<std::uint64_t, std::list<Client>::iterator> by_key_ WX_GUARDED_BY(mutex_);
};

ClientLimit::Reservation::Reservation(std::shared_ptr<Table> table, std::uint64_t key, SteadyTime window_ends)
    : table_(std::move(table)), key_(key), window_ends_(window_ends) {}

ClientLimit::Reservation::~Reservation() {
  if (table_) table_->take_back(key_, window_ends_);
}

void ClientLimit::Reservation::keep() {
  table_.reset();
}

ClientLimit::ClientLimit(ClientLimitOptions options)
    : enabled_(options.loads > 0), table_(std::make_shared<Table>(options)) {}

ClientLimit::Verdict ClientLimit::allow(std::string_view address, SteadyTime now) {
  return enabled_ ? table_->count(client_key(address), now).verdict : Verdict();
}

ClientLimit::Verdict ClientLimit::check(std::string_view address, SteadyTime now) const {
  return enabled_ ? table_->check(client_key(address), now) : Verdict();
}

Result<ClientLimit::Reservation> ClientLimit::reserve(std::string_view address, SteadyTime now) {
  const auto key = client_key(address);
  const auto [verdict, window_ends] = table_->count(key, now);
  if (verdict.allowed) return Reservation(table_, key, window_ends);
  return std::unexpected(Error{.kind = ErrorKind::client_limited, .retry_after = verdict.retry_after});
}

std::size_t ClientLimit::clients() const {
  return table_->size();
}

}  // namespace wx::endpoints
