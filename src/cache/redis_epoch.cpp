#include "cache/redis_epoch.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.hpp"
#include "cache/answer_once.hpp"
#include "cache/fleet_message.hpp"
#include "cache/redis_keys.hpp"

namespace wx::cache {

using redis::Reply;

namespace {

using Answer = AnswerOnce<std::uint64_t>;

// The new epoch in the reply of INCR or INCRBY.
std::uint64_t epoch_of(const Reply& reply) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(reply.integer(), 0));
}

}  // namespace

RedisEpoch::RedisEpoch(redis::Client& client, std::string_view prefix)
    : client_(client), key_(epoch_key(prefix)), channel_(events_channel(prefix, client.database())) {}

void RedisEpoch::raise(std::uint64_t ours, Callback done) {
  if (!client_.available(key_)) return done(fail(ErrorKind::redis_unavailable));
  const auto known = cat(ours);
  const std::array<redis::Argument, 4> set{"SET", key_, known, "NX"};  // sets it only if Redis has lost it
  const std::array<redis::Argument, 2> incr{"INCR", key_};
  std::array<redis::Command, 2> commands{
      redis::Command{set, [](const Result<Reply>&) {}},
      redis::Command{incr, [this, ours, done = Answer(std::move(done))](Result<Reply> reply) mutable {
                       client_.record(key_, reply ? nullptr : &reply.error());
                       if (!reply) return done(std::unexpected(std::move(reply.error())));
                       const auto epoch = epoch_of(*reply);
                       if (epoch > ours) return publish(epoch, std::move(done));
                       // Redis held a lower epoch. INCRBY, unlike SET, keeps what other processes add at the same time.
                       client_.command({"INCRBY", key_, cat(ours - epoch + 1)},
                                       [this, done = std::move(done)](Result<Reply> added) mutable {
                                         if (!added) return done(std::unexpected(std::move(added.error())));
                                         publish(epoch_of(*added), std::move(done));
                                       });
                     }}};
  // If ours is 0, there is nothing to put back, so SET is left out.
  client_.pipeline(std::span(commands).subspan(ours == 0 ? 1 : 0));
}

void RedisEpoch::read(Callback done) {
  client_.command({"GET", key_}, [done = Answer(std::move(done))](Result<Reply> reply) mutable {
    if (!reply) return done(std::unexpected(std::move(reply.error())));
    done(parse_unsigned(reply->text()).value_or(0));
  });
}

void RedisEpoch::restore(std::uint64_t ours, Callback done) {
  const auto known = cat(ours);
  const std::array<redis::Argument, 4> set{"SET", key_, known, "NX"};
  const std::array<redis::Argument, 2> get{"GET", key_};
  std::array<redis::Command, 2> commands{
      redis::Command{set, [](const Result<Reply>&) {}},
      redis::Command{get, [this, ours, done = Answer(std::move(done))](Result<Reply> reply) mutable {
                       if (!reply) return done(std::unexpected(std::move(reply.error())));
                       const auto epoch = parse_unsigned(reply->text()).value_or(0);
                       if (epoch >= ours) return publish(epoch, std::move(done));
                       raise(ours, std::move(done));
                     }}};
  client_.pipeline(commands);
}

void RedisEpoch::publish(std::uint64_t epoch, Callback done) {
  client_.command({"PUBLISH", channel_, epoch_message(epoch)},
                  [epoch, done = Answer(std::move(done))](Result<Reply> published) mutable {
                    if (!published) return done(std::unexpected(std::move(published.error())));
                    done(epoch);
                  });
}

}  // namespace wx::cache
