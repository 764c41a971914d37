#include "cache/redis_tier.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "base/text.hpp"
#include "cache/codec.hpp"
#include "cache/fleet_message.hpp"
#include "cache/redis_keys.hpp"

namespace wx::cache {

using observability::Counter;
using redis::Reply;

namespace {

constexpr std::string_view kFailure = "fail:";

std::optional<ErrorKind> kind_named(std::string_view text) {
  for (std::size_t i = 0; i < kErrorKinds; ++i) {
    if (name(static_cast<ErrorKind>(i)) == text) return static_cast<ErrorKind>(i);
  }
  return std::nullopt;
}

// "fail:provider-timeout:3"
std::optional<FailureMemo> parse_failure(std::string_view text) {
  if (!text.starts_with(kFailure)) return std::nullopt;
  text.remove_prefix(kFailure.size());
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto kind = kind_named(text.substr(0, colon));
  const auto count = parse_unsigned(text.substr(colon + 1));
  if (!kind || !count || *count == 0) return std::nullopt;
  const auto counted = std::min<std::uint64_t>(*count, FailureMemo::kMostCounted);
  return FailureMemo{*kind, static_cast<int>(counted), milliseconds(0)};
}

// INCR and INCRBY answer with the new value.
std::uint64_t epoch_of(const Reply& reply) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(reply.integer(), 0));
}

// What a Redis that works answers to a command that it will not perform: full, a replica, no permission. What it holds
// can still be read. Any other error (LOADING above all) means that asking is of no use at the moment.
bool only_refuses(const Error& error) {
  if (error.kind != ErrorKind::redis_error) return false;
  constexpr std::array<std::string_view, 5> kCodes{"OOM ", "READONLY ", "NOPERM ", "MISCONF ", "NOREPLICAS "};
  return std::ranges::any_of(kCodes, [&](std::string_view code) { return error.detail.starts_with(code); });
}

}  // namespace

RedisTier::RedisTier(redis::Client& client, Executor& executor, std::string prefix, const Clock& clock,
                     observability::Metrics& metrics, observability::Log& log)
    : client_(client), executor_(executor), prefix_(std::move(prefix)), clock_(clock), metrics_(metrics), log_(log) {}

RedisTier::~RedisTier() = default;

std::optional<Entry> RedisTier::entry_of(const Reply& reply) {
  if (reply.is_null()) return std::nullopt;
  auto entry = decode(reply.text());
  // Another version's value or a damaged one: as if nothing were there.
  if (!entry) metrics_.add(Counter::cache_codec_refused);
  return entry;
}

void RedisTier::read(std::string_view key, ReadCallback done) {
  if (refused()) return done(fail(ErrorKind::redis_unavailable));
  key_.assign(prefix_).append(key);
  client_.command({"GET", key_}, [this, done = std::move(done)](Result<Reply> reply) mutable {
    record(reply ? nullptr : &reply.error());
    if (!reply) return done(std::unexpected(std::move(reply.error())));
    done(entry_of(*reply));
  });
}

void RedisTier::take_lease(std::string_view key, std::string_view token, milliseconds span, LeaseCallback done) {
  if (refused()) return done(fail(ErrorKind::redis_unavailable));
  const auto value = value_key(prefix_, key);
  const auto lease = lease_key(prefix_, key);
  const auto expiry = cat(span.count());
  const std::array<std::string_view, 6> set{"SET", lease, token, "NX", "PX", expiry};
  const std::array<std::string_view, 2> get_value{"GET", value};

  struct Attempt {
    std::string lease;
    std::string token;
    SteadyTime until;  // at the latest
    bool won = false;
    std::optional<Error> error = std::nullopt;
  };
  const auto attempt = std::make_shared<Attempt>(Attempt{lease, std::string(token), clock_.steady() + span});
  std::array<redis::Command, 2> commands{
      redis::Command{set,
                     [this, attempt](Result<Reply> reply) {
                       if (reply) {
                         attempt->won = reply->is_ok();
                         return;
                       }
                       attempt->error = std::move(reply.error());
                       if (attempt->error->kind != ErrorKind::redis_timeout) return;
                       give_back_if_ours(attempt->lease, attempt->token, attempt->until);
                     }},
      redis::Command{get_value,
                     [this, attempt, key = std::string(key), done = std::move(done)](Result<Reply> reply) mutable {
                       if (!reply && !attempt->error) {
                         attempt->error = std::move(reply.error());
                         if (attempt->won) give_back_if_ours(attempt->lease, attempt->token, attempt->until);
                       }
                       // Who did not get it has to know more, and the time for another round trip.
                       if (!attempt->error && !attempt->won) return look(key, std::move(done));
                       record(attempt->error ? &*attempt->error : nullptr);
                       if (attempt->error) return done(std::unexpected(std::move(*attempt->error)));
                       LeaseView view;
                       view.won = true;
                       view.entry = entry_of(*reply);
                       done(std::move(view));
                     }}};
  client_.pipeline(commands);
}

void RedisTier::look(std::string_view key, LeaseCallback done) {
  if (refused()) return done(fail(ErrorKind::redis_unavailable));
  const auto value = value_key(prefix_, key);
  const auto lease = lease_key(prefix_, key);
  const std::array<std::string_view, 2> get_value{"GET", value};
  const std::array<std::string_view, 2> get_lease{"GET", lease};
  const std::array<std::string_view, 2> left{"PTTL", lease};

  struct Gathered {
    LeaseView view;
    bool held = false;
    std::optional<Error> error;
    LeaseCallback done;
  };
  const auto gathered = std::make_shared<Gathered>();
  gathered->done = std::move(done);
  const auto noted = [gathered](const Result<Reply>& reply) {
    if (!reply && !gathered->error) gathered->error = reply.error();
    return reply.has_value();
  };
  std::array<redis::Command, 3> commands{
      redis::Command{get_value,
                     [this, gathered, noted](Result<Reply> reply) {
                       if (noted(reply)) gathered->view.entry = entry_of(*reply);
                     }},
      redis::Command{get_lease,
                     [gathered, noted](Result<Reply> reply) {
                       if (!noted(reply) || reply->is_null()) return;
                       gathered->held = true;
                       gathered->view.failure = parse_failure(reply->text());
                     }},
      redis::Command{left, [this, gathered, noted](Result<Reply> reply) {
                       if (noted(reply) && gathered->held) {
                         const milliseconds span_left(std::max<std::int64_t>(reply->integer(), 0));
                         if (gathered->view.failure) {
                           gathered->view.failure->left = span_left;
                         } else {
                           gathered->view.held_for = span_left;
                         }
                       }
                       record(gathered->error ? &*gathered->error : nullptr);
                       if (gathered->error) return gathered->done(std::unexpected(std::move(*gathered->error)));
                       gathered->done(std::move(gathered->view));
                     }}};
  client_.pipeline(commands);
}

void RedisTier::give_back_if_ours(std::string lease, std::string token, SteadyTime until) {
  if (clock_.steady() >= until) return;  // it has ended by itself
  const std::string asked = lease;
  client_.command({"GET", asked},
                  [this, lease = std::move(lease), token = std::move(token), until](Result<Reply> reply) mutable {
                    if (reply && reply->is_text() && reply->text() == token) {
                      client_.command({"DEL", lease}, [](const Result<Reply>&) {});
                    } else if (!reply && reply.error().kind == ErrorKind::redis_timeout) {
                      // Still behind in its queue: each try takes one deadline, so this is no rush.
                      give_back_if_ours(std::move(lease), std::move(token), until);
                    }
                  });
}

void RedisTier::store(std::string_view key, const Entry& entry, bool release, DoneCallback done) {
  const milliseconds left = entry.spans.total() - std::max(clock_.wall() - entry.stored_at, milliseconds(0));
  if (left <= milliseconds(0)) return done({});
  if (refused()) return done(fail(ErrorKind::redis_unavailable));
  value_.clear();
  encode(entry, value_);
  const auto value = value_key(prefix_, key);
  const auto lease = lease_key(prefix_, key);
  const auto expiry = cat(left.count());
  const auto channel = events_channel(prefix_);
  const auto message = fill_message(key, entry);
  const std::array<std::string_view, 5> set{"SET", value, value_, "PX", expiry};
  const std::array<std::string_view, 2> del{"DEL", lease};
  const std::array<std::string_view, 3> publish{"PUBLISH", channel, message};
  // The value before the lease goes, the news last: whoever hears it finds the value.
  std::vector<redis::Command> commands;
  commands.reserve(3);
  commands.push_back({set, [this, done = std::move(done)](Result<Reply> reply) mutable {
                        record(reply ? nullptr : &reply.error());
                        if (!reply) return done(std::unexpected(std::move(reply.error())));
                        note_accepted();
                        done({});
                      }});
  if (release) commands.push_back({del, [](const Result<Reply>&) {}});
  commands.push_back({publish, [](const Result<Reply>&) {}});
  client_.pipeline(commands);
}

void RedisTier::store_failure(std::string_view key, const FailureMemo& memo) {
  if (refused()) return;
  const auto lease = lease_key(prefix_, key);
  const auto value = cat(kFailure, name(memo.kind), ":", memo.count);
  const auto expiry = cat(std::max<milliseconds::rep>(memo.left.count(), 1));
  const auto channel = events_channel(prefix_);
  const auto message = fail_message(key);
  const std::array<std::string_view, 6> set{"SET", lease, value, "XX", "PX", expiry};
  const std::array<std::string_view, 3> publish{"PUBLISH", channel, message};
  std::array<redis::Command, 2> commands{
      redis::Command{set, [this](const Result<Reply>& reply) { record(reply ? nullptr : &reply.error()); }},
      redis::Command{publish, [](const Result<Reply>&) {}}};
  client_.pipeline(commands);
}

void RedisTier::give_back(std::string_view key) {
  if (refused()) return;
  const auto lease = lease_key(prefix_, key);
  const auto channel = events_channel(prefix_);
  const auto message = fail_message(key);  // whoever waits for the lease's end looks again
  const std::array<std::string_view, 2> del{"DEL", lease};
  const std::array<std::string_view, 3> publish{"PUBLISH", channel, message};
  std::array<redis::Command, 2> commands{
      redis::Command{del, [this](const Result<Reply>& reply) { record(reply ? nullptr : &reply.error()); }},
      redis::Command{publish, [](const Result<Reply>&) {}}};
  client_.pipeline(commands);
}

void RedisTier::erase(std::string_view key, DoneCallback done) {
  if (refused()) return done(fail(ErrorKind::redis_unavailable));
  const auto value = value_key(prefix_, key);
  const auto channel = events_channel(prefix_);
  const auto message = purge_message(key);
  const std::array<std::string_view, 2> del{"DEL", value};
  const std::array<std::string_view, 3> publish{"PUBLISH", channel, message};
  const auto deleted = std::make_shared<Result<void>>();
  std::array<redis::Command, 2> commands{
      redis::Command{del,
                     [this, deleted](Result<Reply> reply) {
                       record(reply ? nullptr : &reply.error());
                       if (!reply) *deleted = std::unexpected(std::move(reply.error()));
                     }},
      redis::Command{publish, [deleted, done = std::move(done)](Result<Reply> reply) mutable {
                       if (*deleted && !reply) *deleted = std::unexpected(std::move(reply.error()));
                       done(std::move(*deleted));
                     }}};
  client_.pipeline(commands);
}

void RedisTier::raise_epoch(std::uint64_t ours, EpochCallback done) {
  if (refused()) return done(fail(ErrorKind::redis_unavailable));
  const auto key = epoch_key(prefix_);
  const auto known = cat(ours);
  const std::array<std::string_view, 4> set{"SET", key, known, "NX"};  // only where Redis has lost it
  const std::array<std::string_view, 2> incr{"INCR", key};
  std::array<redis::Command, 2> commands{
      redis::Command{set, [](const Result<Reply>&) {}},
      redis::Command{incr, [this, ours, key, done = std::move(done)](Result<Reply> reply) mutable {
                       record(reply ? nullptr : &reply.error());
                       if (!reply) return done(std::unexpected(std::move(reply.error())));
                       const auto epoch = epoch_of(*reply);
                       if (epoch > ours) return tell_epoch(epoch, std::move(done));
                       // An older one than ours. Adding cannot take anything from what others add at the same time.
                       client_.command({"INCRBY", key, cat(ours - epoch + 1)},
                                       [this, done = std::move(done)](Result<Reply> added) mutable {
                                         if (!added) return done(std::unexpected(std::move(added.error())));
                                         tell_epoch(epoch_of(*added), std::move(done));
                                       });
                     }}};
  client_.pipeline(std::span(commands).subspan(ours == 0 ? 1 : 0));
}

void RedisTier::tell_epoch(std::uint64_t epoch, EpochCallback done) {
  client_.command({"PUBLISH", events_channel(prefix_), epoch_message(epoch)},
                  [epoch, done = std::move(done)](Result<Reply> published) mutable {
                    if (!published) return done(std::unexpected(std::move(published.error())));
                    done(epoch);
                  });
}

void RedisTier::read_epoch(EpochCallback done) {
  client_.command({"GET", epoch_key(prefix_)}, [done = std::move(done)](Result<Reply> reply) mutable {
    if (!reply) return done(std::unexpected(std::move(reply.error())));
    done(parse_unsigned(reply->text()).value_or(0));
  });
}

void RedisTier::restore_epoch(std::uint64_t ours, EpochCallback done) {
  const auto key = epoch_key(prefix_);
  const auto known = cat(ours);
  const std::array<std::string_view, 4> set{"SET", key, known, "NX"};
  const std::array<std::string_view, 2> get{"GET", key};
  std::array<redis::Command, 2> commands{
      redis::Command{set, [](const Result<Reply>&) {}},
      redis::Command{get, [this, ours, done = std::move(done)](Result<Reply> reply) mutable {
                       if (!reply) return done(std::unexpected(std::move(reply.error())));
                       const auto epoch = parse_unsigned(reply->text()).value_or(0);
                       if (epoch >= ours) return tell_epoch(epoch, std::move(done));
                       raise_epoch(ours, std::move(done));
                     }}};
  client_.pipeline(commands);
}

void RedisTier::record(const Error* error) {
  if (error != nullptr && only_refuses(*error)) return note_refused(*error);
  if (!breaker_.record(error == nullptr, clock_.steady())) return;
  open_ = true;
  metrics_.add(Counter::cache_redis_breaker_opened);
  log_.warn("cache", "Redis breaker open: answering without Redis until it replies again");
  wait_for_probe(breaker_.wait());
}

void RedisTier::note_refused(const Error& error) {
  if (std::exchange(refused_before_, true)) return;
  log_.warn("cache", "Redis answers, but refuses commands", {{"redis", error.detail}});
}

void RedisTier::note_accepted() {
  if (std::exchange(refused_before_, false)) log_.info("cache", "Redis takes our writes again");
}

void RedisTier::wait_for_probe(nanoseconds wait) {
  probe_timer_ = executor_.after(random_.between(wait, wait + wait / 5), [this] { probe(); });
}

void RedisTier::connected() {
  if (breaker_.state() == Breaker::State::open) probe();
}

// One PING of the breaker's own, never a user's request.
void RedisTier::probe() {
  probe_timer_.reset();
  breaker_.probe();
  client_.command({"PING"}, [this](const Result<Reply>& reply) {
    if (breaker_.probed(reply || only_refuses(reply.error()))) {
      open_ = false;
      log_.info("cache", "Redis breaker closed");
    } else if (breaker_.state() == Breaker::State::open) {
      wait_for_probe(breaker_.wait());
    }
  });
}

}  // namespace wx::cache
