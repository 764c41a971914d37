#include "endpoints/client_limit.hpp"

#include <array>

#include "base/hash.hpp"
#include "base/ip_address.hpp"
#include "base/text.hpp"

namespace wx::endpoints {
namespace {

struct Unit {
  char letter;
  std::chrono::seconds window;
};
constexpr std::array<Unit, 3> kUnits{
    {{'m', std::chrono::minutes(1)}, {'h', std::chrono::hours(1)}, {'d', std::chrono::hours(24)}}};
constexpr std::uint64_t kMost = 1'000'000'000;

// Two clients on one key would share their loads: with 64 bits and 10,000 clients that does not happen by chance.
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
  const auto slash = std::min(text.find('/'), text.size());
  const auto number = parse_unsigned(text.substr(0, slash));
  if (!number || *number < 1 || *number > kMost) {
    return fail(ErrorKind::bad_parameter, cat("\"", text, "\" does not begin with a number from 1 to ", kMost));
  }
  for (const Unit& unit : kUnits) {
    if (text.substr(slash) != std::string{'/', unit.letter}) continue;
    options.loads = static_cast<std::uint32_t>(*number);
    options.window = unit.window;
    return options;
  }
  return fail(ErrorKind::bad_parameter, cat("\"", text, "\" does not end with /m (minute), /h (hour) or /d (day)"));
}

std::string format_client_loads(const ClientLimitOptions& options) {
  if (options.loads == 0) return "off";
  for (const Unit& unit : kUnits) {
    if (unit.window == options.window) return cat(options.loads, '/', unit.letter);
  }
  return cat(options.loads, "/", options.window.count(), "s");
}

ClientLimit::Verdict ClientLimit::allow(std::string_view address, SteadyTime now) {
  if (options_.loads == 0) return {};
  const auto key = key_of(address);
  const std::lock_guard lock(mutex_);
  if (const auto known = by_key_.find(key); known != by_key_.end()) {
    clients_.splice(clients_.begin(), clients_, known->second);
  } else {
    if (clients_.size() >= options_.max_clients && !clients_.empty()) {
      by_key_.erase(clients_.back().key);
      clients_.pop_back();
    }
    clients_.push_front({key, now + options_.window, 0});
    by_key_[key] = clients_.begin();
  }
  Client& client = clients_.front();
  if (now >= client.window_ends) client = {key, now + options_.window, 0};
  if (client.loads >= options_.loads) return {false, std::chrono::ceil<milliseconds>(client.window_ends - now)};
  ++client.loads;
  return {};
}

std::size_t ClientLimit::clients() const {
  const std::lock_guard lock(mutex_);
  return clients_.size();
}

}  // namespace wx::endpoints
