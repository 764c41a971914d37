#include "redis/server_link.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/random.hpp"
#include "base/text.hpp"

namespace wx::redis {
namespace {

using observability::Counter;

// The wait after a fault that a person has to fix.
constexpr milliseconds kSlowRetry{5000};

}  // namespace

ServerLink::ServerLink(boost::asio::io_context& context, Executor& executor, Common& common, Address address,
                       Credentials credentials, std::uint32_t database)
    : context_(context),
      executor_(executor),
      common_(common),
      address_(std::move(address)),
      credentials_(std::move(credentials)),
      database_(database),
      clock_(common.clock()),
      metrics_(common.metrics()),
      guard_(common.guard()),
      path_(common.options(), clock_, metrics_, guard_),
      breaker_(clock_, metrics_, common.log(), guard_,
               [this](Callback done) {
                 const std::array<Argument, 1> ping{"PING"};
                 command(ping, std::move(done), Expect::reply);
               }),
      backoff_(random_seed()) {}

void ServerLink::start() {
  begin_attempt();
}

void ServerLink::stop() {
  if (phase_ == Phase::stopped) return;
  phase_ = Phase::stopped;
  state_.store(ConnectionState::down, std::memory_order_release);
  common_.forget(this);
  timer_.reset();
  if (connection_) std::exchange(connection_, nullptr)->close();
  path_.close(ErrorKind::redis_unavailable, "stopped");
}

void ServerLink::command(std::span<const Argument> arguments, Callback done, Expect expect) {
  send([&] { return path_.command(arguments, std::move(done), expect); });
}

void ServerLink::pipeline(std::span<Command> commands) {
  send([&] { return path_.pipeline(commands); });
}

// `queue` queues commands and returns the next deadline. If it throws, some may be queued already.
template <class Queue>
void ServerLink::send(Queue queue) {
  try {
    if (const auto due = queue()) arm(*due);
  } catch (...) {
    arm_next();
    throw;
  }
  if (!timer_) arm_next();
}

void ServerLink::record(const Error* error) {
  if (phase_ == Phase::stopped) return;
  breaker_.record(error);
  if (const auto due = breaker_.probe_due()) arm(*due);
}

void ServerLink::renew(Credentials credentials) {
  if (phase_ == Phase::stopped) return;
  credentials_ = std::move(credentials);
  // The wait may be for this very secret.
  if (phase_ == Phase::pausing) arm(retry_at_ = clock_.steady());
  if (phase_ != Phase::serving || !credentials_.authenticate) return;
  // A refused AUTH leaves the connection as it was.
  const std::array<Argument, 3> auth{"AUTH", credentials_.user, credentials_.password};
  command(
      auth,
      [&common = common_](const Result<Reply>& reply) {
        if (reply) {
          common.say_renewed(true);
        } else if (reply.error().kind == ErrorKind::redis_error) {
          common.say_renewed(false);
        }
      },
      Expect::reply);
}

// --- becoming connected ---

void ServerLink::begin_attempt() {
  attempt_start_ = clock_.steady();
  phase_ = Phase::preparing;
  arm(attempt_start_ + kAttempt);
  if (!address_.tls) {
    dial(nullptr);
    return;
  }
  common_.tls(executor_, this, [this, alive = std::weak_ptr(alive_)](Result<std::shared_ptr<TlsContext>> tls) {
    if (alive.expired() || phase_ != Phase::preparing) return;
    if (tls) {
      dial(std::move(*tls));
    } else {
      lose({.reason = tls.error().detail, .retry = RetryDelay::slow, .detail = "no TLS"});
    }
  });
}

void ServerLink::dial(std::shared_ptr<TlsContext> tls) {
  phase_ = Phase::dialling;
  connection_ = Connection::dial(context_, address_, common_.options().max_reply_bytes, std::move(tls), *this);
}

void ServerLink::on_open() {
  phase_ = Phase::greeting;
  handshake_.emplace(credentials_, database_);
  handshake_->append_to(connection_->out());
  connection_->flush();
  greeted_at_ = last_heard_ = clock_.steady();
  arm(last_heard_ + kSilence);
}

void ServerLink::on_greeting(const Reply& reply) {
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
  lose({.reason = handshake_->refusal(), .retry = handshake_->retry_delay(), .detail = "refused"});
}

void ServerLink::begin_serving() {
  phase_ = Phase::serving;
  up_since_ = last_heard_;
  on_replica_ = handshake_->replica();
  path_.set_round_trip(round_trip_);
  path_.open(*connection_);
  // The state last: a thread that sees it finds the count and the log line too.
  metrics_.add(Counter::redis_connects);
  common_.say_up(handshake_->version(), round_trip_, command_timeout());
  state_.store(ConnectionState::up, std::memory_order_release);
  // The handler's commands go first: the first one of a connection decides how later replies are judged (the epoch).
  if (connected_handler) guard_("the connected handler threw", connected_handler);
  if (phase_ == Phase::serving) breaker_.on_connected();
  if (phase_ == Phase::serving) path_.send_early();
  arm_next();
}

// --- being connected ---

void ServerLink::on_reply(const Reply& reply) {
  if (phase_ == Phase::greeting) {
    on_greeting(reply);
  } else if (phase_ == Phase::serving) {
    last_heard_ = clock_.steady();
    serve(reply);
  }
}

void ServerLink::serve(const Reply& reply) {
  if (reply.kind() == Kind::push) {
    if (path_.on_push(reply, last_heard_) || !push_handler) return;
    guard_("the push handler threw", [&] { push_handler(reply); });
    return;
  }
  if (!path_.on_reply(reply, last_heard_)) {
    lose({.reason = "the server sent a reply that no command asked for",
          .kind = ErrorKind::redis_protocol,
          .detail = "unexpected reply"});
    return;
  }
  if (reply.is_error() && reply.text().starts_with("READONLY")) on_readonly();
}

void ServerLink::on_readonly() {
  if (phase_ != Phase::serving) return;  // a callback stopped us
  if (!replica_policy_.on_refused_write(last_heard_, on_replica_)) return;
  lose({.reason = "this Redis is a read-only replica; looking for its master under the same name",
        .leaves_replica = true});
}

void ServerLink::on_fault(const ConnectionFault& fault) {
  using Cause = ConnectionFault::Cause;
  const bool plain = !address_.tls && !address_.is_unix();
  const bool at_once = phase_ == Phase::greeting && !handshake_->greeted();
  if (plain && at_once && (fault.cause == Cause::ended || fault.cause == Cause::tls_answer)) {
    lose({.reason = "Redis closed the connection right after connecting; does it need TLS? use rediss:// or "
                    "REDIS_TLS=true"});
    return;
  }
  lose({.reason = fault.sentence,
        .retry = fault.cause == Cause::untrusted ? RetryDelay::slow : RetryDelay::soon,
        .kind = fault.cause == Cause::protocol ? ErrorKind::redis_protocol : ErrorKind::redis_unavailable});
}

void ServerLink::lose(const Loss& loss) {
  const bool was_up = phase_ == Phase::serving;
  if (was_up) left_replica_ = loss.leaves_replica;
  const SteadyTime now = clock_.steady();
  if (was_up) backoff_.on_lost(now - up_since_);
  const SteadyTime from = was_up ? now : attempt_start_;
  // The next attempt first, so that no exception below can prevent it.
  retry_at_ = loss.retry == RetryDelay::slow ? now + kSlowRetry : std::max(now, from + backoff_.next());
  phase_ = Phase::pausing;
  arm(retry_at_);
  if (connection_) std::exchange(connection_, nullptr)->close();

  metrics_.add(was_up ? Counter::redis_disconnects : Counter::redis_connect_failures);
  guard_("a log line threw", [&] { common_.say_down(loss.reason); });
  state_.store(ConnectionState::down, std::memory_order_release);  // after count and line, as in begin_serving()

  // Last, because a callback or the handler may stop this link.
  path_.close(loss.kind, loss.detail);
  if (was_up && phase_ == Phase::pausing && disconnected_handler) {
    guard_("the disconnected handler threw", disconnected_handler);
  }
}

}  // namespace wx::redis
