#include "redis/server_link.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/random.hpp"
#include "base/text.hpp"
#include "redis/command_encoder.hpp"

namespace wx::redis {
namespace {

using observability::Counter;

// A request waits so long for the very first connection.
constexpr milliseconds kEarlyWait{300};
// A reply that is owed for so long will not come: black hole, frozen machine.
constexpr milliseconds kSilence{1000};
// An idle connection is asked for a sign of life.
constexpr milliseconds kIdle{30'000};
// One attempt: reading certificates, resolving, connecting, greeting.
constexpr milliseconds kAttempt{5000};
// After a fault that a person has to mend.
constexpr milliseconds kSlowRetry{5000};
// So long a connection to a replica is kept, in case that another address is not to be had: doubled each time that it
// is a replica again, since then this is how it is meant to be, or nobody is at work on it. After so long without a
// refusal it is another story.
constexpr milliseconds kReplicaRest{5000};
constexpr milliseconds kLongestReplicaRest{60'000};
constexpr milliseconds kReplicaForgotten{300'000};
// The timer's grain: deadlines that are closer together share a wake-up.
constexpr milliseconds kGrain{5};
// How long to give bytes that are there but were not read yet.
constexpr milliseconds kGrace{1};

constexpr milliseconds kLeastTimeout{50};
constexpr milliseconds kMostTimeout{300};

Error unavailable(std::string_view why) {
  return {ErrorKind::redis_unavailable, std::string(why), std::nullopt, 0};
}

}  // namespace

ClientCore::ClientCore(boost::asio::io_context& context, Executor& executor, Common& common)
    : context_(context),
      executor_(executor),
      common_(common),
      clock_(common.clock()),
      metrics_(common.metrics()),
      timeout_ms_(common.options().timeout.value_or(kMostTimeout).count()),
      backoff_(random_seed()) {}

void ClientCore::start() {
  begin_attempt();
}

void ClientCore::stop() {
  if (phase_ == Phase::stopped) return;
  phase_ = Phase::stopped;
  state_.store(State::down, std::memory_order_release);
  common_.forget(this);
  timer_.reset();
  if (connection_) std::exchange(connection_, nullptr)->close();
  const Error error = unavailable("stopped");
  pending_.fail_all(error);
  fail_early(error);
}

// --- commands ---

std::optional<Error> ClientCore::refusal(std::size_t commands) const {
  const RedisOptions& options = common_.options();
  const bool waits_for_first = phase_ != Phase::stopped && state() == State::connecting_first;
  if (phase_ != Phase::serving && !waits_for_first) return unavailable("not connected");
  if (pending_.size() + early_.size() + commands > options.max_in_flight) return unavailable("too many in flight");
  if (connection_ && connection_->unsent() > options.max_unsent_bytes) return unavailable("too much unsent");
  return std::nullopt;
}

void ClientCore::send(std::span<const std::string_view> arguments, Callback done, Expect expect, SteadyTime now) {
  metrics_.add(Counter::redis_commands);
  if (phase_ != Phase::serving) {
    Early early{{}, std::move(done), now, expect};
    append_command(early.bytes, arguments);
    early_.push_back(std::move(early));
    arm(now + kEarlyWait);
    return;
  }
  const SteadyTime deadline = now + command_timeout();
  append_command(connection_->out(), arguments);
  pending_.add(std::move(done), now, deadline, expect);
  connection_->flush();
  arm(deadline);
}

void ClientCore::command(std::span<const std::string_view> arguments, Callback done, Expect expect) {
  if (auto error = refusal(1)) {
    done(std::unexpected(std::move(*error)));
    return;
  }
  send(arguments, std::move(done), expect, clock_.steady());
}

void ClientCore::pipeline(std::span<Command> commands) {
  if (auto error = refusal(commands.size())) {
    for (Command& command : commands) std::exchange(command.done, nullptr)(std::unexpected(*error));
    return;
  }
  const SteadyTime now = clock_.steady();
  for (Command& command : commands) send(command.arguments, std::move(command.done), Expect::reply, now);
}

// --- becoming connected ---

void ClientCore::begin_attempt() {
  attempt_start_ = clock_.steady();
  arm(attempt_start_ + kAttempt);
  if (!common_.options().wants_tls()) {
    dial(nullptr);
    return;
  }
  phase_ = Phase::preparing;
  common_.tls(executor_, this, [this, alive = std::weak_ptr(alive_)](Result<std::shared_ptr<TlsContext>> tls) {
    if (alive.expired() || phase_ != Phase::preparing) return;
    if (tls) {
      dial(std::move(*tls));
    } else {
      lose(tls.error().detail, Patience::slow, unavailable("no TLS"));
    }
  });
}

void ClientCore::dial(std::shared_ptr<TlsContext> tls) {
  phase_ = Phase::dialling;
  connection_ = Connection::dial(context_, common_.options(), std::move(tls), *this);
}

void ClientCore::on_open() {
  phase_ = Phase::greeting;
  handshake_.emplace(common_.options().url);
  handshake_->append_to(connection_->out());
  connection_->flush();
  greeted_at_ = last_heard_ = clock_.steady();
  arm(last_heard_ + kSilence);
}

void ClientCore::on_greeting(const Reply& reply) {
  if (reply.kind() == Kind::push) return;
  last_heard_ = clock_.steady();
  if (!handshake_->greeted()) round_trip_ = last_heard_ - greeted_at_;
  switch (handshake_->on_reply(reply)) {
    case Handshake::Progress::more:
      return;
    case Handshake::Progress::ready:
      begin_serving();
      return;
    case Handshake::Progress::refused:
      break;
  }
  const bool slow = handshake_->patience() == Handshake::Patience::slow;
  lose(handshake_->refusal(), slow ? Patience::slow : Patience::soon, unavailable("refused"));
}

void ClientCore::begin_serving() {
  phase_ = Phase::serving;
  up_since_ = last_heard_;
  on_replica_ = handshake_->replica();
  if (!common_.options().timeout) {
    const auto triple = std::chrono::ceil<milliseconds>(3 * round_trip_);
    timeout_ms_.store(std::clamp(triple, kLeastTimeout, kMostTimeout).count(), std::memory_order_relaxed);
  }
  // The state last: a thread that sees it finds the count and the log line too.
  metrics_.add(Counter::redis_connects);
  common_.say_up(handshake_->version(), round_trip_, command_timeout());
  state_.store(State::up, std::memory_order_release);
  if (connected_handler) connected_handler();
  if (phase_ == Phase::serving) send_early();
}

void ClientCore::send_early() {
  const SteadyTime now = clock_.steady();
  for (Early& early : std::exchange(early_, {})) {
    connection_->out().append(early.bytes);
    pending_.add(std::move(early.done), now, now + command_timeout(), early.expect);
  }
  if (!pending_.empty()) connection_->flush();
  if (const auto due = next_due()) arm(*due);
}

// --- being connected ---

void ClientCore::on_reply(const Reply& reply) {
  if (phase_ == Phase::greeting) {
    on_greeting(reply);
  } else if (phase_ == Phase::serving) {
    last_heard_ = clock_.steady();
    complete(reply);
  }
}

void ClientCore::complete(const Reply& reply) {
  if (reply.kind() == Kind::push) {
    if (!pending_.on_push(reply, last_heard_) && push_handler) push_handler(reply);
    return;
  }
  if (reply.is_error()) metrics_.add(Counter::redis_errors);
  switch (pending_.on_reply(reply, last_heard_)) {
    case PendingQueue::Taken::completed:
      metrics_.observe(observability::Timing::redis, pending_.last_took());
      break;
    case PendingQueue::Taken::late:
      break;
    case PendingQueue::Taken::unasked:
      lose("the server sent a reply that nobody asked for", Patience::soon,
           {ErrorKind::redis_protocol, "unasked reply", std::nullopt, 0});
      return;
  }
  if (reply.is_error() && reply.text().starts_with("READONLY")) leave_replica();
}

// After a failover the old master lives on as a replica, and our connection with it: the name of the server may lead to
// the new one by now, and only dialling again finds out.
void ClientCore::leave_replica() {
  if (phase_ != Phase::serving) return;  // a callback stopped us
  const bool lately = left_replica_at_ && last_heard_ - *left_replica_at_ < kReplicaForgotten;
  if (lately && last_heard_ - *left_replica_at_ < replica_rest_) return;
  replica_rest_ = lately && on_replica_ ? std::min<nanoseconds>(2 * replica_rest_, kLongestReplicaRest) : kReplicaRest;
  left_replica_at_ = last_heard_;
  lose("Redis is a read-only replica here; looking for its master under the same name", Patience::soon,
       unavailable("connection lost"), true);
}

void ClientCore::on_fault(const ConnectionFault& fault) {
  using Cause = ConnectionFault::Cause;
  const RedisOptions& options = common_.options();
  const bool plain = !options.wants_tls() && !options.url.is_unix();
  const bool at_once = phase_ == Phase::greeting && !handshake_->greeted();
  if (plain && at_once && (fault.cause == Cause::ended || fault.cause == Cause::tls_answer)) {
    lose("Redis closed the connection right after connecting; does it need TLS? use rediss:// or REDIS_TLS=true",
         Patience::soon, unavailable("connection lost"));
    return;
  }
  const auto kind = fault.cause == Cause::protocol ? ErrorKind::redis_protocol : ErrorKind::redis_unavailable;
  lose(fault.sentence, fault.cause == Cause::untrusted ? Patience::slow : Patience::soon,
       {kind, "connection lost", std::nullopt, 0});
}

void ClientCore::lose(std::string_view reason, Patience patience, const Error& error, bool by_choice) {
  const bool was_up = phase_ == Phase::serving;
  if (was_up) left_replica_ = by_choice;
  const SteadyTime now = clock_.steady();
  phase_ = Phase::pausing;
  metrics_.add(was_up ? Counter::redis_disconnects : Counter::redis_connect_failures);
  common_.say_down(reason);
  state_.store(State::down, std::memory_order_release);  // last, as in begin_serving()
  if (connection_) std::exchange(connection_, nullptr)->close();

  if (was_up) backoff_.on_lost(now - up_since_);
  const SteadyTime from = was_up ? now : attempt_start_;
  retry_at_ = patience == Patience::slow ? now + kSlowRetry : std::max(now, from + backoff_.next());
  timer_.reset();
  arm(retry_at_);

  // Last, since what is called may stop this client.
  pending_.fail_all(error);
  fail_early(error);
  if (was_up && phase_ == Phase::pausing && disconnected_handler) disconnected_handler();
}

// --- time ---

void ClientCore::arm(SteadyTime due) {
  if (timer_ && armed_for_ <= due) return;
  armed_for_ = due;
  timer_ = executor_.after(std::max<nanoseconds>(due - clock_.steady(), nanoseconds(0)), [this] { on_timer(); });
}

std::optional<SteadyTime> ClientCore::next_due() const {
  std::optional<SteadyTime> due;
  const auto consider = [&due](SteadyTime at) { due = due ? std::min(*due, at) : at; };
  if (!early_.empty()) consider(early_.front().came + kEarlyWait);
  switch (phase_) {
    case Phase::idle:
    case Phase::stopped:
      return std::nullopt;
    case Phase::preparing:
    case Phase::dialling:
      consider(attempt_start_ + kAttempt);
      break;
    case Phase::greeting:
      consider(last_heard_ + kSilence);
      break;
    case Phase::pausing:
      consider(retry_at_);
      break;
    case Phase::serving:
      if (const auto deadline = pending_.next_deadline()) consider(*deadline);
      if (const auto since = pending_.owing_since()) {
        consider(*since + kSilence);
      } else {
        consider(last_heard_ + kIdle);
      }
      break;
  }
  return due;
}

void ClientCore::on_timer() {
  timer_.reset();
  const SteadyTime now = clock_.steady();
  expire_early(now);
  if (phase_ == Phase::serving) {
    check_serving(now);
  } else {
    check_attempt(now);
  }
  const auto due = next_due();
  if (due) arm(std::max(*due, now + (gave_grace_ ? kGrace : phase_ == Phase::pausing ? milliseconds(0) : kGrain)));
}

void ClientCore::check_attempt(SteadyTime now) {
  switch (phase_) {
    case Phase::preparing:
    case Phase::dialling:
      if (now - attempt_start_ < kAttempt) return;
      lose(cat("no connection within ", format_duration(kAttempt), " (host name or network)"), Patience::soon,
           unavailable("connection lost"));
      return;
    case Phase::greeting:
      if (now - last_heard_ < kSilence) return;
      lose(cat("connected, but no answer within ", format_duration(kSilence)), Patience::soon,
           unavailable("connection lost"));
      return;
    case Phase::pausing:
      if (now >= retry_at_) begin_attempt();
      return;
    default:
      return;
  }
}

void ClientCore::check_serving(SteadyTime now) {
  const auto deadline = pending_.next_deadline();
  const auto owing = pending_.owing_since();
  const bool overdue = deadline && *deadline <= now;
  const bool silent = owing && now - *owing >= kSilence;
  // Where the replies are here already, it is this thread that was late (or the whole machine was): read them first,
  // once.
  if ((overdue || silent) && !gave_grace_ && connection_->readable()) {
    gave_grace_ = true;
    return;
  }
  gave_grace_ = false;

  if (const std::size_t expired = pending_.expire(now)) metrics_.add(Counter::redis_timeouts, expired);
  if (phase_ != Phase::serving) return;  // a callback stopped us
  if (silent) {
    lose(cat("no reply for ", format_duration(kSilence)), Patience::soon, unavailable("connection lost"));
    return;
  }
  if (!owing && now - last_heard_ >= kIdle) {
    const std::array<std::string_view, 1> ping{"PING"};
    send(ping, [](const Result<Reply>&) {}, Expect::reply, now);
  }
}

void ClientCore::expire_early(SteadyTime now) {
  while (!early_.empty() && early_.front().came + kEarlyWait <= now) {
    Callback done = std::move(early_.front().done);
    early_.pop_front();
    done(std::unexpected(unavailable("not connected yet")));
  }
}

void ClientCore::fail_early(const Error& error) {
  for (Early& early : std::exchange(early_, {})) early.done(std::unexpected(error));
}

}  // namespace wx::redis
