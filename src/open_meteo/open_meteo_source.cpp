#include "open_meteo/open_meteo_source.hpp"

#include <deque>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/random.hpp"
#include "base/text.hpp"
#include "open_meteo/gate.hpp"
#include "open_meteo/provider_url.hpp"
#include "open_meteo/reply.hpp"

namespace wx::open_meteo {
namespace {

using observability::Counter;
using weather::Observation;

constexpr std::string_view kRoom = "open_meteo";

// The counter of calls with this fault; none for those that were not the provider's.
std::optional<Counter> counter_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::provider_unreachable:
      return Counter::provider_unreachable;
    case ErrorKind::provider_timeout:
      return Counter::provider_timeout;
    case ErrorKind::provider_error:
      return Counter::provider_error;
    case ErrorKind::provider_bad_reply:
      return Counter::provider_bad_reply;
    case ErrorKind::provider_refused:
      return Counter::provider_refused;
    case ErrorKind::provider_limited:
      return Counter::provider_limited;
    case ErrorKind::provider_denied:
      return Counter::provider_denied;
    default:
      return std::nullopt;
  }
}

Error overloaded(nanoseconds retry_after) {
  return {ErrorKind::overloaded, "too many questions wait for the weather provider",
          std::chrono::ceil<milliseconds>(retry_after), 0, false};
}

Provider checked(const OpenMeteoOptions& options) {
  auto provider = make_provider(options);
  if (!provider) throw std::invalid_argument(provider.error().detail);
  return std::move(*provider);
}

}  // namespace

// A load walks fetch -> (queue) -> begin -> proceed -> pay -> call -> finish, and perhaps pause -> pay -> call ->
// finish again. It is owned by whoever is to move it on; where it is dropped, it gives back what it holds.
class OpenMeteoSource::State : public std::enable_shared_from_this<State> {
 public:
  State(const OpenMeteoOptions& options, http_client::HttpClient& client, const Clock& clock,
        observability::Metrics& metrics, observability::Log& log)
      : provider_(checked(options)),
        upstream_timeout_(options.upstream_timeout),
        connect_timeout_(options.connect_timeout),
        client_(client),
        clock_(clock),
        metrics_(metrics),
        log_(log),
        gate_({.concurrency = options.concurrency, .max_queue = options.max_queue}),
        admission_(options, Random(random_seed()), metrics, log) {}

  void attach(Executor* timers, FleetBudget* fleet) {
    const std::lock_guard lock(mutex_);
    executor_ = timers;
    fleet_ = fleet;
    if (fleet != nullptr) admission_.join_fleet();
  }

  void fetch(const weather::Location& location, cache::LoadRequest request, weather::FetchCallback done) {
    auto load = std::make_unique<Walk>(*this, provider_url(provider_, location), std::move(request), std::move(done));
    std::optional<Error> refused;
    {
      const std::lock_guard lock(mutex_);
      const auto now = now_of(clock_);
      load->ticket = ++last_ticket_;
      refused = admission_.check(load->purpose, now);
      if (!refused) {
        const auto decision = gate_.enter(load->ticket, load->purpose, now.steady, load->deadline);
        if (std::holds_alternative<Gate::Wait>(decision)) {
          const auto ticket = load->ticket;
          waiting_.emplace(ticket, std::move(load));
          return;
        }
        if (const auto* const full = std::get_if<Gate::Refuse>(&decision)) refused = overloaded(full->retry_after);
        load->has_slot = !refused;
      }
    }
    if (!refused) return begin(std::move(load));
    if (refused->kind == ErrorKind::overloaded) metrics_.add(Counter::provider_shed_queue);
    load->done(std::unexpected(*std::move(refused)));
  }

  // Nothing starts from here on.
  void close() {
    std::vector<WalkPtr> abandoned;
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
      for (const auto ticket : gate_.clear_queue()) abandoned.push_back(take(ticket));
      for (auto& [ticket, load] : pausing_) abandoned.push_back(std::move(load));
      pausing_.clear();
    }
    for (auto& load : abandoned) end(std::move(load), fail(ErrorKind::draining));
    timers_.clear();
  }

  Load load() const {
    const std::lock_guard lock(mutex_);
    return {gate_.running(), gate_.queued()};
  }

  ProviderStatus status() {
    const std::lock_guard lock(mutex_);
    return admission_.status(now_of(clock_));
  }

 private:
  struct Walk {
    Walk(State& state, std::string where, cache::LoadRequest request, weather::FetchCallback callback)
        : owner(state),
          url(std::move(where)),
          purpose(request.purpose),
          redis_unavailable(request.redis_unavailable),
          deadline(request.deadline),
          turn(std::move(request.turn)),
          done(std::move(callback)) {}
    Walk(const Walk&) = delete;
    Walk& operator=(const Walk&) = delete;
    ~Walk() {
      if (has_slot || pass) owner.drop(*this);
    }

    // Whoever owns a walk that holds anything also owns the state.
    State& owner;
    std::string url;
    cache::Purpose purpose;
    bool redis_unavailable;
    SteadyTime deadline;  // for the start
    std::move_only_function<void(cache::Proceed)> turn;
    weather::FetchCallback done;

    Gate::Ticket ticket = 0;
    bool has_slot = false;
    bool called = false;                // at least once
    std::optional<Breaker::Pass> pass;  // between admission and verdict
    SteadyTime call_deadline;           // of both attempts together
    std::optional<Error> fault;         // of the first attempt, during the second
  };
  using WalkPtr = std::unique_ptr<Walk>;

  // With mutex_ held.
  WalkPtr take(Gate::Ticket ticket) { return std::move(waiting_.extract(ticket).mapped()); }

  // Gives back what `load` holds; who comes next begins.
  void drop(Walk& load) {
    const auto alive = shared_from_this();
    std::vector<WalkPtr> expired;
    bool run = false;
    {
      const std::lock_guard lock(mutex_);
      if (load.pass) admission_.release(*std::exchange(load.pass, std::nullopt));
      if (!std::exchange(load.has_slot, false)) return;
      const auto ending = load.called ? Gate::Ending::called : Gate::Ending::not_called;
      const auto turn = gate_.leave(load.ticket, clock_.steady(), ending);
      for (const auto late : turn.expired) expired.push_back(take(late));
      if (turn.start) {
        ready_.push_back(take(*turn.start));
        ready_.back()->has_slot = true;
        run = !std::exchange(runs_ready_, true);
      }
    }
    if (run) begin_ready();
    for (auto& late : expired) {
      metrics_.add(Counter::provider_shed_deadline);
      late->done(fail(ErrorKind::deadline_exceeded));
    }
  }

  // A load that begins may end at once and let the next begin, and so on through the whole queue: one loop for all of
  // them, not one stack frame for each.
  void begin_ready() {
    for (;;) {
      WalkPtr next;
      {
        const std::lock_guard lock(mutex_);
        if (ready_.empty()) {
          runs_ready_ = false;
          return;
        }
        next = std::move(ready_.front());
        ready_.pop_front();
      }
      begin(std::move(next));
    }
  }

  // The load has a slot: its turn has come.
  void begin(WalkPtr load) {
    std::optional<Error> refused;
    {
      const std::lock_guard lock(mutex_);
      const auto pass = admission_.enter(load->purpose, now_of(clock_));
      if (pass) {
        load->pass = *pass;
      } else {
        refused = pass.error();
      }
    }
    if (refused) return end(std::move(load), std::unexpected(*std::move(refused)));
    auto turn = std::move(load->turn);
    if (!turn) return proceed(std::move(load));
    turn([self = shared_from_this(), load = std::move(load)](bool go) mutable {
      if (go) return self->proceed(std::move(load));
      self->metrics_.add(Counter::provider_stood_down);
      load.reset();
    });
  }

  void proceed(WalkPtr load) {
    load->call_deadline = clock_.steady() + upstream_timeout_;
    pay(std::move(load));
  }

  void pay(WalkPtr load) {
    Budget::FleetTake asked;
    {
      const std::lock_guard lock(mutex_);
      if (!closed_ && admission_.with_fleet()) asked = admission_.ask_fleet(now_of(clock_));
    }
    if (asked.windows.empty()) {
      std::optional<Error> refused;
      {
        const std::lock_guard lock(mutex_);
        refused = admission_.pay_alone(load->purpose, now_of(clock_));
      }
      return paid(std::move(load), std::move(refused));
    }
    if (load->redis_unavailable) {
      // One wait for a Redis that does not answer is enough.
      Admission::Payment payment;
      {
        const std::lock_guard lock(mutex_);
        payment = admission_.pay_with_fleet(load->purpose, asked, fail(ErrorKind::redis_unavailable), now_of(clock_));
      }
      return paid(std::move(load), std::move(payment.refused));
    }
    // The windows live in the callback, but may be asked for after that is moved away.
    const auto windows = asked.windows;
    fleet_->take(windows, 1,
                 [self = shared_from_this(), load = std::move(load),
                  asked = std::move(asked)](Result<FleetBudget::Counts> counts) mutable {
                   Admission::Payment payment;
                   {
                     const std::lock_guard lock(self->mutex_);
                     payment = self->admission_.pay_with_fleet(load->purpose, asked, counts, now_of(self->clock_));
                   }
                   if (payment.give_back) {
                     for (auto& window : asked.windows) window.owed = 0;  // that was counted, and stays so
                     self->fleet_->take(asked.windows, -1, [](const auto&) {});
                   }
                   self->paid(std::move(load), std::move(payment.refused));
                 });
  }

  void paid(WalkPtr load, std::optional<Error> refused) {
    if (refused) return end(std::move(load), std::unexpected(*std::move(refused)));
    const auto left = std::chrono::ceil<milliseconds>(load->call_deadline - clock_.steady());
    if (left <= milliseconds(0)) return end(std::move(load), fail(ErrorKind::provider_timeout));
    {
      const std::lock_guard lock(mutex_);
      if (!closed_ && !std::exchange(load->called, true)) admission_.called(now_of(clock_));
    }
    if (!load->called) return end(std::move(load), fail(ErrorKind::draining));
    http_client::GetRequest request{load->url, provider_.headers, connect_timeout_, left};
    client_.get(std::move(request),
                [self = shared_from_this(), load = std::move(load)](Result<http_client::GetResponse> response) mutable {
                  self->finish(std::move(load), response);
                });
  }

  void finish(WalkPtr load, const Result<http_client::GetResponse>& response) {
    auto outcome = read(response);
    note(outcome);
    std::optional<nanoseconds> pause;
    {
      const std::lock_guard lock(mutex_);
      const auto now = now_of(clock_);
      const Error* const fault = outcome ? nullptr : &outcome.error();
      if (load->pass) {
        const auto duration = response ? response->duration : nanoseconds(0);
        admission_.ended(*std::exchange(load->pass, std::nullopt), fault, duration, now);
      }
      const bool first = !load->fault;
      if (fault != nullptr && first && !closed_ && executor_ != nullptr) {
        pause = admission_.retry_after(*fault, load->call_deadline - now.steady, now);
      }
    }
    load->fault.reset();
    if (!pause) return end(std::move(load), std::move(outcome));
    load->fault = std::move(outcome.error());
    wait(std::move(load), *pause);
  }

  // Timers belong to the executor's thread, as does timers_.
  void wait(WalkPtr load, nanoseconds pause) {
    const auto ticket = load->ticket;
    bool closed = false;
    {
      const std::lock_guard lock(mutex_);
      closed = closed_;
      if (!closed) pausing_.emplace(ticket, std::move(load));
    }
    if (closed) return end(std::move(load), fail(ErrorKind::draining));
    executor_->post([weak = weak_from_this(), ticket, pause] {
      const auto self = weak.lock();
      if (!self) return;
      self->timers_[ticket] = self->executor_->after(pause, [weak, ticket] {
        if (const auto again = weak.lock()) again->try_again(ticket);
      });
    });
  }

  void try_again(Gate::Ticket ticket) {
    const auto timer = timers_.extract(ticket);  // until this function is over
    WalkPtr load;
    std::optional<Error> refused;
    {
      const std::lock_guard lock(mutex_);
      auto found = pausing_.extract(ticket);
      if (found.empty()) return;
      load = std::move(found.mapped());
      auto pass = admission_.enter(load->purpose, now_of(clock_));
      if (pass) {
        load->pass = *pass;
      } else {
        refused = std::move(pass.error());
      }
    }
    if (refused) return end(std::move(load), std::unexpected(*std::move(refused)));
    metrics_.add(Counter::provider_retries);
    pay(std::move(load));
  }

  // The slot first, so that the next call starts while the caller looks at this one's outcome. Of a second attempt that
  // was not made, the first one's fault is the outcome.
  void end(WalkPtr load, Result<Observation> outcome) {
    auto done = std::move(load->done);
    if (load->fault) outcome = std::unexpected(*std::move(load->fault));
    load.reset();
    done(std::move(outcome));
  }

  Result<Observation> read(const Result<http_client::GetResponse>& response) {
    if (!response) return std::unexpected(response.error());
    metrics_.observe(observability::Timing::provider, response->duration);
    auto outcome = read_reply(response->status, response->content_type, response->body, clock_.wall());
    // A reason goes to clients and into the log: not one that repeats what it was sent.
    if (!outcome && !provider_.api_key.empty() && outcome.error().detail.contains(provider_.api_key)) {
      outcome.error().detail = cat("it answered with status ", response->status);
    }
    return outcome;
  }

  void note(const Result<Observation>& outcome) {
    if (outcome) {
      metrics_.add(Counter::provider_ok);
      if (changed(std::nullopt)) log_.info(kRoom, "the provider answers again");
      return;
    }
    const Error& error = outcome.error();
    if (const auto counter = counter_of(error.kind)) metrics_.add(*counter);
    if (error.kind == ErrorKind::draining) return;
    // A refused question is the question's fault: it says that the provider works.
    const bool refused = error.kind == ErrorKind::provider_refused;
    if (!refused && !changed(error.kind)) return;
    const auto level = refused ? observability::LogLevel::debug : observability::LogLevel::warn;
    if (!log_.enabled(level)) return;
    log_.say(level, kRoom, "a provider call failed",
             {{"result", name(error.kind)},
              {"detail", error.detail},
              {"status", error.provider_status},
              {"retry_after_ms", error.retry_after.value_or(milliseconds(0)).count()}});
  }

  // Whether the last call ended otherwise; empty: with an answer.
  bool changed(std::optional<ErrorKind> fault) {
    const std::lock_guard lock(mutex_);
    return std::exchange(last_fault_, fault) != fault;
  }

  const Provider provider_;
  const milliseconds upstream_timeout_;
  const milliseconds connect_timeout_;
  http_client::HttpClient& client_;
  const Clock& clock_;
  observability::Metrics& metrics_;
  observability::Log& log_;
  Executor* executor_ = nullptr;  // as is fleet_, not changed any more once there are loads
  FleetBudget* fleet_ = nullptr;

  mutable std::mutex mutex_;
  // mutex_ protects the following state.
  Gate gate_;
  Admission admission_;
  Gate::Ticket last_ticket_ = 0;
  std::unordered_map<Gate::Ticket, WalkPtr> waiting_;  // for a slot
  std::deque<WalkPtr> ready_;                          // with a slot, to begin
  bool runs_ready_ = false;                            // somebody is in begin_ready()
  std::unordered_map<Gate::Ticket, WalkPtr> pausing_;  // with a slot, before the second attempt
  std::optional<ErrorKind> last_fault_;
  bool closed_ = false;

  // Belongs to the executor's thread.
  std::unordered_map<Gate::Ticket, std::unique_ptr<Timer>> timers_;
};

OpenMeteoSource::OpenMeteoSource(const OpenMeteoOptions& options, http_client::HttpClient& client, const Clock& clock,
                                 observability::Metrics& metrics, observability::Log& log)
    : state_(std::make_shared<State>(options, client, clock, metrics, log)) {}

OpenMeteoSource::~OpenMeteoSource() {
  state_->close();
}

void OpenMeteoSource::attach(Executor* timers, FleetBudget* fleet) {
  state_->attach(timers, fleet);
}

void OpenMeteoSource::fetch(const weather::Location& location, cache::LoadRequest request,
                            weather::FetchCallback done) {
  state_->fetch(location, std::move(request), std::move(done));
}

OpenMeteoSource::Load OpenMeteoSource::load() const {
  return state_->load();
}

ProviderStatus OpenMeteoSource::status() const {
  return state_->status();
}

}  // namespace wx::open_meteo
