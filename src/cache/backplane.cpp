#include "cache/backplane.hpp"

#include "base/text.hpp"
#include "cache/fleet_message.hpp"
#include "cache/redis_keys.hpp"

namespace wx::cache {

using observability::Counter;
using redis::Reply;

Backplane::Backplane(redis::Client& client, const std::string& prefix, FleetListener& listener,
                     observability::Metrics& metrics, observability::Log& log)
    : client_(client),
      channel_(events_channel(prefix)),
      epoch_key_(epoch_key(prefix)),
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
  client_.command({"GET", epoch_key_}, [this](Result<Reply> reply) {
    if (!reply) return;
    const auto epoch = parse_unsigned(reply->text()).value_or(0);
    if (const auto ours = listener_.on_epoch(epoch); ours > epoch) {
      client_.command({"SET", epoch_key_, cat(ours)}, [](const Result<Reply>&) {});
    }
    listening_ = true;
    refusal_said_ = false;
    log_.info("cache", "listening to the other processes", {{"channel", channel_}});
    listener_.on_listening();
  });
}

void Backplane::disconnected() {
  if (listening_.exchange(false)) listener_.on_deaf();
}

void Backplane::push(const Reply& push) {
  if (push.size() != 3 || push[0].text() != "message" || push[1].text() != channel_) return;
  if (!hear_message(push[2].text(), listener_)) metrics_.add(Counter::cache_messages_unknown);
}

}  // namespace wx::cache
