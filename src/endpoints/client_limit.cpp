#include "endpoints/client_limit.hpp"

#include "base/hash.hpp"
#include "base/ip_address.hpp"
#include "base/rate.hpp"
#include "base/text.hpp"

namespace wx::endpoints {
namespace {

// Two clients with the same key would share one budget. With 64 bits and 10,000 clients, a collision by chance is
// negligible.
std::uint64_t key_of(std::string_view address) {
  const auto ip = parse_ip(address);
  if (!ip) return hash64(address, 1);
  const auto significant = ip->is_v4() ? ip->bytes.size() : 8;
  return hash64({reinterpret_cast<const char*>(ip->bytes.data()), significant});
}

}  // namespace

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

ClientLimit::Verdict ClientLimit::allow(std::string_view address, SteadyTime now) {
  if (options_.loads == 0) return {};
  const auto key = key_of(address);
  const Lock lock(mutex_);
  if (const auto known = by_key_.find(key); known != by_key_.end()) {
    clients_.splice(clients_.begin(), clients_, known->second);
  } else {
    if (clients_.size() >= options_.max_clients && !clients_.empty()) {
      by_key_.erase(clients_.back().key);
      clients_.pop_back();
    }
    clients_.push_front({.key = key, .window_ends = now + options_.window, .loads = 0});
    by_key_[key] = clients_.begin();
  }
  Client& client = clients_.front();
  if (now >= client.window_ends) client = {.key = key, .window_ends = now + options_.window, .loads = 0};
  if (client.loads >= options_.loads) {
    return {.allowed = false, .retry_after = std::chrono::ceil<milliseconds>(client.window_ends - now)};
  }
  ++client.loads;
  return {};
}

std::size_t ClientLimit::clients() const {
  const Lock lock(mutex_);
  return clients_.size();
}

}  // namespace wx::endpoints
