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

bool is_wrong_type(const Error& error) {
  return error.kind == ErrorKind::redis_error && error.detail.starts_with("WRONGTYPE");
}

// Returns true if INCRBY failed because of what the key holds.
bool holds_no_number(const Error& error) {
  if (error.kind != ErrorKind::redis_error) return false;
  return is_wrong_type(error) || error.detail.contains("not an integer") || error.detail.contains("would overflow");
}

}  // namespace

RedisEpoch::RedisEpoch(redis::Client& client, std::string_view prefix)
    : client_(client), key_(epoch_key(prefix)), channel_(events_channel(prefix, client.database())) {}

void RedisEpoch::read(KeyCallback done) {
  client_.command({"GET", key_}, [done = AnswerOnce<EpochKey>(std::move(done))](Result<Reply> reply) mutable {
    using Holds = EpochKey::Holds;
    if (!reply) {
      if (is_wrong_type(reply.error())) return done(EpochKey{.holds = Holds::garbage});
      return done(std::unexpected(std::move(reply.error())));
    }
    if (reply->is_null()) return done(EpochKey{});
    const auto epoch = parse_unsigned(reply->text());
    done(epoch ? EpochKey{.holds = Holds::number, .epoch = *epoch} : EpochKey{.holds = Holds::garbage});
  });
}

std::uint64_t RedisEpoch::step() {
  return 1 + (random_.next() >> 44);  // 20 bits
}

void RedisEpoch::raise(std::uint64_t ours, Callback done) {
  if (!client_.available(key_)) return done(fail(ErrorKind::redis_unavailable));
  const auto known = cat(ours);
  const auto by = cat(step());
  const std::array<redis::Argument, 4> set{"SET", key_, known, "NX"};  // sets it only if Redis has lost it
  const std::array<redis::Argument, 3> raise{"INCRBY", key_, by};
  auto on_reply = [this, ours, done = Answer(std::move(done))](Result<Reply> reply) mutable {
    client_.record(key_, reply ? nullptr : &reply.error());
    on_raised(ours, /*again=*/true, std::move(reply), std::move(done));
  };
  std::array<redis::Command, 2> commands{redis::Command{set, [](const Result<Reply>&) {}},
                                         redis::Command{raise, std::move(on_reply)}};
  // If ours is 0, there is nothing to put back, so SET is left out.
  client_.pipeline(std::span(commands).subspan(ours == 0 ? 1 : 0));
}

void RedisEpoch::on_raised(std::uint64_t ours, bool again, Result<Reply> reply, Callback done) {
  if (!reply) {
    if (holds_no_number(reply.error())) return overwrite(ours + step(), std::move(done));
    return done(std::unexpected(std::move(reply.error())));
  }
  const auto epoch = static_cast<std::uint64_t>(std::max<std::int64_t>(reply->integer(), 0));
  if (epoch > kHighestEpoch) return overwrite(ours + step(), std::move(done));
  if (epoch > ours) return publish(epoch, std::move(done));
  // Redis held a lower epoch. INCRBY, unlike SET, keeps what other processes add at the same time.
  if (!again) return done(fail(ErrorKind::redis_error, "the epoch is lower again"));
  client_.command({"INCRBY", key_, cat(ours - epoch + step())},
                  [this, ours, done = Answer(std::move(done))](Result<Reply> added) mutable {
                    on_raised(ours, /*again=*/false, std::move(added), std::move(done));
                  });
}

void RedisEpoch::overwrite(std::uint64_t epoch, Callback done) {
  if (epoch > kHighestEpoch) return done(fail(ErrorKind::redis_error, "the epoch cannot rise any further"));
  client_.command({"SET", key_, cat(epoch)},
                  [this, epoch, done = Answer(std::move(done))](Result<Reply> reply) mutable {
                    if (!reply) return done(std::unexpected(std::move(reply.error())));
                    publish(epoch, std::move(done));
                  });
}

void RedisEpoch::restore(std::uint64_t ours, Callback done) {
  const auto known = cat(ours);
  const std::array<redis::Argument, 4> set{"SET", key_, known, "NX"};
  client_.command(set, [](const Result<Reply>&) {});
  read([this, ours, done = Answer(std::move(done))](Result<EpochKey> key) mutable {
    if (!key) return done(std::unexpected(std::move(key.error())));
    if (key->holds == EpochKey::Holds::nothing) return done(fail(ErrorKind::redis_error, "the epoch was not restored"));
    if (key->holds == EpochKey::Holds::garbage || key->epoch > kHighestEpoch) return overwrite(ours, std::move(done));
    if (key->epoch >= ours) return publish(key->epoch, std::move(done));
    raise(ours, std::move(done));
  });
}

void RedisEpoch::publish(std::uint64_t epoch, Callback done) {
  client_.command({"PUBLISH", channel_, epoch_message(epoch)},
                  [epoch, done = Answer(std::move(done))](Result<Reply> published) mutable {
                    if (!published) return done(std::unexpected(std::move(published.error())));
                    done(epoch);
                  });
}

}  // namespace wx::cache
