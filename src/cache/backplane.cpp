#include "cache/backplane.hpp"

#include "cache/fleet_message.hpp"
#include "cache/redis_keys.hpp"

namespace wx::cache {

using observability::Counter;
using redis::Reply;

Backplane::Backplane(redis::Client& client, RedisTier& tier, const std::string& prefix, FleetListener& listener,
                     observability::Metrics& metrics, observability::Log& log)
    : client_(client),
      tier_(tier),
      channel_(events_channel(prefix)),
      listener_(listener),
      metrics_(metrics),
      log_(log) {}

void Backplane::connected() {
  client_.subscribe(channel_, [this](Result<Reply> reply) {
    if (reply) return read_epoch();
    // Without the channel the lease's end is waited for, and purges are this process's own.
    if (reply.error().kind == ErrorKind::redis_error && !refusal_said_) {
      refusal_said_ = true;
      log_.warn("cache", "cannot listen to the other processes",
                {{"channel", channel_}, {"redis", reply.error().detail}});
    }
  });
}

// What was purged while nobody listened: the epoch tells. Only then is the channel of use.
void Backplane::read_epoch() {
  tier_.read_epoch([this](Result<std::uint64_t> epoch) {
    if (!epoch) return;
    take_epoch(*epoch);
    listening_ = true;
    refusal_said_ = false;
    log_.info("cache", "listening to the other processes", {{"channel", channel_}});
    listener_.on_listening();
  });
}

void Backplane::take_epoch(std::uint64_t epoch) {
  const auto ours = listener_.on_epoch(epoch);
  if (ours <= epoch) return;
  tier_.restore_epoch(ours, [this](Result<std::uint64_t> restored) {
    if (restored) listener_.on_epoch(*restored);
  });
}

void Backplane::disconnected() {
  if (listening_.exchange(false)) listener_.on_deaf();
}

void Backplane::push(const Reply& push) {
  if (push.size() != 3 || push[0].text() != "message" || push[1].text() != channel_) return;
  switch (hear_message(push[2].text(), listener_)) {
    case Heard::unknown:
      metrics_.add(Counter::cache_messages_unknown);
      break;
    case Heard::behind:
      tier_.read_epoch([this](Result<std::uint64_t> epoch) {
        if (epoch) take_epoch(*epoch);
      });
      break;
    case Heard::taken:
      break;
  }
}

}  // namespace wx::cache
