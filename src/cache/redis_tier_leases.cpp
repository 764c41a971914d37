// The leases of the shared tier: taking one, and reading its state.
#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "base/text.hpp"
#include "cache/answer_once.hpp"
#include "cache/failure_text.hpp"
#include "cache/redis_keys.hpp"
#include "cache/redis_tier.hpp"

namespace wx::cache {

using redis::Reply;

struct RedisTier::LeaseAttempt {
  std::string key;
  std::string lease;
  std::string token;
  SteadyTime until;  // the latest possible end of the lease
  Beside beside;
  bool won = false;
  std::optional<Error> error = std::nullopt;
};

void RedisTier::take_lease(std::string_view key, std::string_view token, milliseconds span, LeaseCallback done) {
  if (unavailable(key)) return done(fail(ErrorKind::redis_unavailable));
  const auto value = value_key(prefix_, key);
  const auto attempt = std::make_shared<LeaseAttempt>(LeaseAttempt{.key = std::string(key),
                                                                   .lease = lease_key(prefix_, key),
                                                                   .token = std::string(token),
                                                                   .until = clock_.steady() + span,
                                                                   .beside = beside_of(key)});
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
    view.entry = value_of(attempt->key, *reply, attempt->beside);
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
                      if (still_ours(until, clock_.steady()))
                        client_.command({"DEL", lease}, [](const Result<Reply>&) {});
                    } else if (!reply && reply.error().kind == ErrorKind::redis_timeout) {
                      // The server still does not answer in time. Each attempt takes one command timeout, so this loop
                      // is slow.
                      give_back_if_ours(std::move(lease), std::move(token), until);
                    }
                  });
}

// The results of the commands of look().
struct RedisTier::Look {
  Look(std::string_view of, Beside b, LeaseCallback callback)
      : key(of), beside(std::move(b)), done(std::move(callback)) {}

  // Records the first error. Returns true if there is a reply.
  bool note(const Result<Reply>& reply) {
    if (!reply && !error) error = reply.error();
    return reply.has_value();
  }

  std::string key;
  Beside beside;
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
  const auto found = std::make_shared<Look>(key, beside_of(key), std::move(done));
  auto on_value = [this, found](const Result<Reply>& reply) {
    if (!found->note(reply)) return;
    found->decoded = false;  // remains false if decoding throws
    found->view.entry = value_of(found->key, *reply, found->beside);
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

void RedisTier::forget_failure(std::string_view key, DoneCallback done) {
  if (unavailable(key)) return done(fail(ErrorKind::redis_unavailable));
  struct Forgetting {
    std::string lease;
    AnswerOnce<void> done;
    std::string token = {};  // another process's lease
    std::int64_t left = 0;
  };
  const auto lease = lease_key(prefix_, key);
  const auto forgetting = std::make_shared<Forgetting>(Forgetting{lease, AnswerOnce<void>(std::move(done))});
  const std::array<redis::Argument, 2> get{"GET", lease};
  const std::array<redis::Argument, 2> get_left{"PTTL", lease};
  const std::array<redis::Argument, 2> del{"DEL", lease};
  auto on_lease = [forgetting](const Result<Reply>& reply) {
    if (reply && reply->is_text() && !parse_failure_text(reply->text())) forgetting->token = reply->text();
  };
  auto on_left = [forgetting](const Result<Reply>& reply) {
    if (reply) forgetting->left = std::clamp<std::int64_t>(reply->integer(), 0, kLongestLease.count());
  };
  auto on_deleted = [this, forgetting](Result<Reply> reply) {
    if (reply && !forgetting->token.empty() && forgetting->left > 0) {
      const auto left = cat(forgetting->left);
      const std::array<redis::Argument, 6> set{"SET", forgetting->lease, forgetting->token, "NX", "PX", left};
      client_.command(set, [](const Result<Reply>&) {});
    }
    if (!reply) return forgetting->done(std::unexpected(std::move(reply.error())));
    forgetting->done({});
  };
  std::array<redis::Command, 3> commands{redis::Command{get, std::move(on_lease)},
                                         redis::Command{get_left, std::move(on_left)},
                                         redis::Command{del, std::move(on_deleted)}};
  client_.pipeline(commands);
}

// Returns how long a lease or a failure counts, given the reply to PTTL: -1 if it has no end, -2 if it has just ended.
milliseconds RedisTier::limit_lease(const Look& found, std::int64_t pttl) {
  const auto longest = found.view.failure ? kLongestFailure : kLongestLease;
  if (pttl != -1 && pttl <= longest.count()) return milliseconds(std::max<std::int64_t>(pttl, 0));
  client_.command({"PEXPIRE", lease_key(prefix_, found.key), cat(longest.count())}, [](const Result<Reply>&) {});
  return longest;
}

}  // namespace wx::cache
