#include "cache/redis_tier.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "base/text.hpp"
#include "cache/answer_once.hpp"
#include "cache/codec.hpp"
#include "cache/failure_text.hpp"
#include "cache/fleet_message.hpp"
#include "cache/redis_keys.hpp"
#include "redis/reply_class.hpp"

namespace wx::cache {

using observability::Counter;
using redis::Reply;

namespace {

const Error* error_of(const Result<Reply>& reply) {
  return reply ? nullptr : &reply.error();
}

}  // namespace

RedisTier::RedisTier(redis::Client& client, std::string prefix, const Clock& clock, observability::Metrics& metrics,
                     observability::Log& log)
    : client_(client),
      prefix_(std::move(prefix)),
      channel_(events_channel(prefix_, client.database())),
      clock_(clock),
      metrics_(metrics),
      log_(log),
      epoch_(client, prefix_) {}

std::optional<Entry> RedisTier::entry_of(std::string_view key, const Reply& reply) {
  if (reply.is_null()) return std::nullopt;
  auto entry = decode(key, reply.text());
  if (entry) return entry;
  metrics_.add(Counter::cache_codec_refused);
  Entry unreadable;
  unreadable.kind = EntryKind::unreadable;
  return unreadable;
}

void RedisTier::read(std::string_view key, ReadCallback done) {
  if (unavailable(key)) return done(fail(ErrorKind::redis_unavailable));
  key_.assign(prefix_).append(key);
  client_.command({"GET", key_},
                  [this, key = std::string(key),
                   done = AnswerOnce<std::optional<Entry>>(std::move(done))](Result<Reply> reply) mutable {
                    record(key, error_of(reply));
                    if (!reply) return done(std::unexpected(std::move(reply.error())));
                    done(entry_of(key, *reply));
                  });
}

// --- leases ---

struct RedisTier::LeaseAttempt {
  std::string key;
  std::string lease;
  std::string token;
  SteadyTime until;  // the latest possible end of the lease
  bool won = false;
  std::optional<Error> error = std::nullopt;
};

void RedisTier::take_lease(std::string_view key, std::string_view token, milliseconds span, LeaseCallback done) {
  if (unavailable(key)) return done(fail(ErrorKind::redis_unavailable));
  const auto value = value_key(prefix_, key);
  const auto attempt = std::make_shared<LeaseAttempt>(LeaseAttempt{.key = std::string(key),
                                                                   .lease = lease_key(prefix_, key),
                                                                   .token = std::string(token),
                                                                   .until = clock_.steady() + span});
  const auto expiry = cat(span.count());
  const std::array<redis::Argument, 6> set{"SET", attempt->lease, token, "NX", "PX", expiry};
  const std::array<redis::Argument, 2> get_value{"GET", value};
  auto on_set = [this, attempt](Result<Reply> reply) {
    if (reply) {
      attempt->won = reply->is_ok();
      return;
    }
    attempt->error = std::move(reply.error());
    if (attempt->error->kind != ErrorKind::redis_timeout) return;
    give_back_if_ours(attempt->lease, attempt->token, attempt->until);
  };
  auto on_value = [this, attempt, done = AnswerOnce<LeaseView>(std::move(done))](Result<Reply> reply) mutable {
    if (!reply && !attempt->error) {
      attempt->error = std::move(reply.error());
      if (attempt->won) give_back_if_ours(attempt->lease, attempt->token, attempt->until);
    }
    // A caller that did not win also needs the state of the lease, and has time for another round trip.
    if (!attempt->error && !attempt->won) return look(attempt->key, std::move(done));
    record(attempt->key, attempt->error ? &*attempt->error : nullptr);
    if (attempt->error) return done(std::unexpected(std::move(*attempt->error)));
    LeaseView view;
    view.won = true;
    view.entry = entry_of(attempt->key, *reply);
    done(std::move(view));
  };
  std::array<redis::Command, 2> commands{redis::Command{set, std::move(on_set)},
                                         redis::Command{get_value, std::move(on_value)}};
  client_.pipeline(commands);
}

void RedisTier::give_back_if_ours(std::string lease, std::string token, SteadyTime until) {
  if (!still_ours(until, clock_.steady())) return;
  const std::string asked = lease;
  client_.command({"GET", asked},
                  [this, lease = std::move(lease), token = std::move(token), until](Result<Reply> reply) mutable {
                    if (reply && reply->is_text() && reply->text() == token) {
                      client_.command({"DEL", lease}, [](const Result<Reply>&) {});
                    } else if (!reply && reply.error().kind == ErrorKind::redis_timeout) {
                      // The server still does not answer in time. Each attempt takes one command timeout, so this loop
                      // is slow.
                      give_back_if_ours(std::move(lease), std::move(token), until);
                    }
                  });
}

// The results of the three commands of look().
struct RedisTier::Look {
  explicit Look(std::string_view of, LeaseCallback callback) : key(of), done(std::move(callback)) {}

  // Records the first error. Returns true if there is a reply.
  bool note(const Result<Reply>& reply) {
    if (!reply && !error) error = reply.error();
    return reply.has_value();
  }

  std::string key;
  LeaseView view;
  bool held = false;
  bool decoded = true;
  std::optional<Error> error;
  AnswerOnce<LeaseView> done;
};

void RedisTier::look(std::string_view key, LeaseCallback done) {
  if (unavailable(key)) return done(fail(ErrorKind::redis_unavailable));
  const auto value = value_key(prefix_, key);
  const auto lease = lease_key(prefix_, key);
  const std::array<redis::Argument, 2> get_value{"GET", value};
  const std::array<redis::Argument, 2> get_lease{"GET", lease};
  const std::array<redis::Argument, 2> get_left{"PTTL", lease};
  const auto found = std::make_shared<Look>(key, std::move(done));
  auto on_value = [this, found](const Result<Reply>& reply) {
    if (!found->note(reply)) return;
    found->decoded = false;  // remains false if decoding throws
    found->view.entry = entry_of(found->key, *reply);
    found->decoded = true;
  };
  auto on_lease = [found](const Result<Reply>& reply) {
    if (!found->note(reply) || reply->is_null()) return;
    found->held = true;
    found->view.failure = parse_failure_text(reply->text());
  };
  auto on_left = [this, found](const Result<Reply>& reply) {
    if (found->note(reply) && found->held) {
      const auto left = limit_lease(*found, reply->integer());
      if (found->view.failure) {
        found->view.failure->left = left;
      } else {
        found->view.lease_left = left;
      }
    }
    record(found->key, found->error ? &*found->error : nullptr);
    if (found->error) return found->done(std::unexpected(std::move(*found->error)));
    if (!found->decoded) return found->done(fail(ErrorKind::internal));
    found->done(std::move(found->view));
  };
  std::array<redis::Command, 3> commands{redis::Command{get_value, std::move(on_value)},
                                         redis::Command{get_lease, std::move(on_lease)},
                                         redis::Command{get_left, std::move(on_left)}};
  client_.pipeline(commands);
}

// Returns how long a lease or a failure counts, given the reply to PTTL: -1 if it has no end, -2 if it has just ended.
milliseconds RedisTier::limit_lease(const Look& found, std::int64_t pttl) {
  const auto longest = found.view.failure ? kLongestFailure : kLongestLease;
  if (pttl != -1 && pttl <= longest.count()) return milliseconds(std::max<std::int64_t>(pttl, 0));
  client_.command({"PEXPIRE", lease_key(prefix_, found.key), cat(longest.count())}, [](const Result<Reply>&) {});
  return longest;
}

// --- writes ---

void RedisTier::store(std::string_view key, const Entry& entry, bool release, DoneCallback done) {
  const auto left = time_left(entry);
  if (left <= milliseconds(0)) {
    if (release) give_back(key);
    return done({});
  }
  if (unavailable(key)) return done(fail(ErrorKind::redis_unavailable));
  head_.clear();
  encode_head(key, entry, head_);
  const auto value = value_key(prefix_, key);
  const auto lease = lease_key(prefix_, key);
  const auto expiry = cat(left.count());
  const std::array<redis::Argument, 5> set{"SET", value, redis::Argument(head_, entry.body), "PX", expiry};
  const std::array<redis::Argument, 2> del{"DEL", lease};
  // The value is announced after Redis has accepted it, if need be late: receivers of a message about a value that is
  // not there would look for it in vain. A refusal releases the lease, so the processes that wait for it must look.
  struct Writing {
    std::string key;
    std::string message;
    bool release;
    AnswerOnce<void> done;
  };
  const auto writing = std::make_shared<Writing>(Writing{.key = std::string(key),
                                                         .message = fill_message(key, entry),
                                                         .release = release,
                                                         .done = AnswerOnce<void>(std::move(done))});
  auto on_set = [this, writing](Result<Reply> reply) {
    record(writing->key, error_of(reply));
    if (reply) {
      on_accepted_write();
      publish(writing->message);
      return writing->done({});
    }
    if (writing->release && redis::is_refusal(reply.error())) publish(fail_message(writing->key));
    writing->done(std::unexpected(std::move(reply.error())));
  };
  auto on_late = [this, writing](const Result<Reply>& reply) {
    if (reply) publish(writing->message);
  };
  std::array<redis::Command, 2> commands{redis::Command{set, std::move(on_set), std::move(on_late)},
                                         redis::Command{del, [](const Result<Reply>&) {}}};
  client_.pipeline(std::span(commands).first(release ? 2 : 1));
}

void RedisTier::publish(std::string_view message) {
  client_.command({"PUBLISH", channel_, message}, [](const Result<Reply>&) {});
}

void RedisTier::store_failure(std::string_view key, const FailureMemo& memo) {
  if (unavailable(key)) return;
  const auto lease = lease_key(prefix_, key);
  const auto value = failure_text(memo);
  const auto expiry = cat(std::clamp(memo.left, milliseconds(1), kLongestFailure).count());
  const auto message = fail_message(key);
  const std::array<redis::Argument, 6> set{"SET", lease, value, "XX", "PX", expiry};
  const std::array<redis::Argument, 3> publish{"PUBLISH", channel_, message};
  std::array<redis::Command, 2> commands{redis::Command{set,
                                                        [this, key = std::string(key)](const Result<Reply>& reply) {
                                                          record(key, error_of(reply));
                                                          // A memo that Redis does not take must not leave the lease
                                                          // behind.
                                                          if (!reply && redis::is_refusal(reply.error()))
                                                            give_back(key);
                                                        }},
                                         redis::Command{publish, [](const Result<Reply>&) {}}};
  client_.pipeline(commands);
}

void RedisTier::give_back(std::string_view key) {
  if (unavailable(key)) return;
  const auto lease = lease_key(prefix_, key);
  const auto message = fail_message(key);  // makes processes that wait for the lease read its state again
  const std::array<redis::Argument, 2> del{"DEL", lease};
  const std::array<redis::Argument, 3> publish{"PUBLISH", channel_, message};
  std::array<redis::Command, 2> commands{
      redis::Command{del, [this, key = std::string(key)](const Result<Reply>& reply) { record(key, error_of(reply)); }},
      redis::Command{publish, [](const Result<Reply>&) {}}};
  client_.pipeline(commands);
}

void RedisTier::bury(std::string_view key, const Entry& tombstone, DoneCallback done) {
  if (unavailable(key)) return done(fail(ErrorKind::redis_unavailable));
  head_.clear();
  encode_head(key, tombstone, head_);
  const auto value = value_key(prefix_, key);
  const auto expiry = cat(tombstone.spans.total().count());
  // DEL first: a full Redis refuses SET, but lets the value go. SET is refused wherever DEL is.
  const std::array<redis::Argument, 2> del{"DEL", value};
  const std::array<redis::Argument, 5> set{"SET", value, head_, "PX", expiry};
  std::array<redis::Command, 2> commands{redis::Command{del, [](const Result<Reply>&) {}},
                                         redis::Command{set, recorded(key, std::move(done))}};
  client_.pipeline(commands);
}

void RedisTier::announce_purge(std::string_view key, WallTime at, DoneCallback done) {
  if (unavailable(key)) return done(fail(ErrorKind::redis_unavailable));
  const auto message = purge_message(key, at);
  const auto plain = purge_message(key);
  const std::array<redis::Argument, 3> publish{"PUBLISH", channel_, message};
  const std::array<redis::Argument, 3> publish_plain{"PUBLISH", channel_, plain};
  std::array<redis::Command, 2> commands{redis::Command{publish, [](const Result<Reply>&) {}},  // as the next
                                         redis::Command{publish_plain, recorded(key, std::move(done))}};
  client_.pipeline(commands);
}

void RedisTier::put_back(std::string_view key, const Entry& entry) {
  const auto left = time_left(entry);
  if (left <= milliseconds(0) || unavailable(key)) return;
  head_.clear();
  encode_head(key, entry, head_);
  const auto value = value_key(prefix_, key);
  const auto expiry = cat(left.count());
  const std::array<redis::Argument, 6> set{"SET", value, redis::Argument(head_, entry.body), "NX", "PX", expiry};
  client_.command(set, [this, key = std::string(key)](const Result<Reply>& reply) { record(key, error_of(reply)); });
}

redis::Callback RedisTier::recorded(std::string_view key, DoneCallback done) {
  return [this, key = std::string(key), done = AnswerOnce<void>(std::move(done))](Result<Reply> reply) mutable {
    record(key, error_of(reply));
    if (!reply) return done(std::unexpected(std::move(reply.error())));
    done({});
  };
}

milliseconds RedisTier::time_left(const Entry& entry) const {
  return entry.spans.total() - std::max(clock_.wall() - entry.stored_at, milliseconds(0));
}

void RedisTier::raise_epoch(std::uint64_t ours, EpochCallback done) {
  epoch_.raise(ours, [this, done = AnswerOnce<std::uint64_t>(std::move(done))](Result<std::uint64_t> epoch) mutable {
    if (!epoch) log_refusal(epoch.error());
    done(std::move(epoch));
  });
}

// --- the breaker, and refusals ---

void RedisTier::record(std::string_view key, const Error* error) {
  client_.record(key, error);
  if (error != nullptr) log_refusal(*error);
}

void RedisTier::log_refusal(const Error& error) {
  if (!redis::is_refusal(error) || std::exchange(refused_before_, true)) return;
  log_.warn("cache", "Redis answers, but refuses commands", {{"redis", error.detail}});
}

void RedisTier::on_accepted_write() {
  if (std::exchange(refused_before_, false)) log_.info("cache", "Redis accepts writes again");
}

}  // namespace wx::cache
