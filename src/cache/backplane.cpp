#include "cache/backplane.hpp"

#include "cache/redis_keys.hpp"

namespace wx::cache {

using observability::Counter;
using redis::Reply;

namespace {

// How often to read the epoch, in case a message was lost. Just under the 30 s idle PING, so it doubles as the
// keep-alive.
constexpr nanoseconds kEpochInterval = std::chrono::seconds(29);
// The same without the channel, when no message announces a purge.
constexpr nanoseconds kEpochIntervalUnsubscribed = kEpochInterval / 2;
// The shortest time between two readings of the epoch that messages cause.
constexpr nanoseconds kLookInterval = std::chrono::seconds(1);
// The time allowed for reconnecting after the client left a replica.
constexpr nanoseconds kReconnectTime = std::chrono::seconds(2);

}  // namespace

Backplane::Backplane(redis::Client& client, RedisEpoch& epoch, Executor& executor, const std::string& prefix,
                     FleetListener& listener, observability::Metrics& metrics, observability::Log& log)
    : client_(client),
      epoch_(epoch),
      executor_(executor),
      channel_(events_channel(prefix, client.database())),
      listener_(listener),
      metrics_(metrics),
      log_(log) {}

void Backplane::connected() {
  subscribed_ = refused_ = repairing_ = false;
  backoff_ = redis::Backoff(random_.next());
  listen();
}

void Backplane::listen() {
  client_.subscribe(channel_, [this](Result<Reply> reply) {
    subscribed_ = reply.has_value();
    if (!reply) log_not_listening(reply.error());
    // Without the channel, the epoch still announces purges of everything.
    if (subscribed_ || refused_) return read_epoch();
    schedule_next(backoff_.next());
  });
}

void Backplane::log_not_listening(const Error& error) {
  if (client_.state() != redis::ConnectionState::up) return;  // the connection is lost, which is logged elsewhere
  refused_ = error.kind == ErrorKind::redis_error;
  if (std::exchange(not_listening_logged_, true)) return;
  log_.warn("cache", "cannot listen to the other processes",
            {{"channel", channel_}, {"redis", refused_ ? std::string_view(error.detail) : name(error.kind)}});
}

// The epoch is read before this process counts as listening, because it reveals purges that were announced while the
// process was not subscribed.
void Backplane::read_epoch() {
  epoch_.read([this, asked = listener_.epoch()](const Result<EpochKey>& key) {
    if (!key) return schedule_next(refused_ ? kEpochIntervalUnsubscribed : backoff_.next());
    take_epoch(*key, asked);
    if (subscribed_) begin_listening();
    schedule_next(subscribed_ ? kEpochInterval : kEpochIntervalUnsubscribed);
  });
}

void Backplane::begin_listening() {
  if (listening_.exchange(true)) return;
  // The client has left a replica, but is not on one now, so the interruption was a gap after all.
  if (std::exchange(away_timer_, nullptr) && !client_.on_replica()) listener_.on_disconnected();
  not_listening_logged_ = false;
  log_.info("cache", "listening to the other processes", {{"channel", channel_}});
  listener_.on_listening();
}

void Backplane::take_epoch(const EpochKey& key, std::uint64_t asked) {
  const auto repair = listener_.on_epoch_key(key);
  if (repair == Epoch::Repair::none || repairing_) return;
  // This process has learned a higher epoch while the reply was on its way, so the key may be higher by now, too.
  if (key.holds == EpochKey::Holds::number && key.epoch == asked) return look_at_epoch();
  repairing_ = true;
  // A repair that fails is tried again with the next reading.
  const auto repaired = [this](const Result<std::uint64_t>& epoch) {
    repairing_ = false;
    if (epoch) listener_.on_epoch_key({.holds = EpochKey::Holds::number, .epoch = *epoch});
  };
  if (repair == Epoch::Repair::restore) epoch_.restore(listener_.epoch(), repaired);
  if (repair == Epoch::Repair::raise) epoch_.raise(listener_.epoch(), repaired);
}

void Backplane::look_at_epoch() {
  if (look_timer_) {
    look_again_ = true;
    return;
  }
  look_timer_ = executor_.after(kLookInterval, [this] {
    look_timer_.reset();
    if (std::exchange(look_again_, false)) look_at_epoch();
  });
  epoch_.read([this, asked = listener_.epoch()](const Result<EpochKey>& key) {
    if (key) take_epoch(*key, asked);
  });
}

// Schedules the next step. At most one step is in progress: each ends here, or with its connection. (push() reads the
// epoch independently of the steps.)
void Backplane::schedule_next(nanoseconds wait) {
  if (client_.state() != redis::ConnectionState::up) return;
  timer_ = executor_.after(wait, [this] {
    timer_.reset();
    if (subscribed_) return read_epoch();
    listen();
  });
}

void Backplane::disconnected() {
  reader_ = {};
  timer_.reset();
  look_again_ = false;
  if (!listening_.exchange(false)) return;
  if (!client_.left_replica()) return listener_.on_disconnected();
  away_timer_ = executor_.after(kReconnectTime, [this] {
    away_timer_.reset();
    listener_.on_disconnected();
  });
}

void Backplane::push(const Reply& push) {
  if (push.size() != 3 || push[0].text() != "message" || push[1].text() != channel_) return;
  switch (reader_.hear(push[2].text(), listener_)) {
    case Epoch::Heard::foreign:
      metrics_.add(Counter::cache_messages_unknown);
      if (!std::exchange(foreign_logged_, true)) {
        log_.warn("cache", "ignored a message that no process of the fleet sends", {{"channel", channel_}});
      }
      break;
    case Epoch::Heard::look:
      look_at_epoch();
      break;
    case Epoch::Heard::known:
      break;
  }
}

}  // namespace wx::cache
