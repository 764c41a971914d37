// Walks every order in which the events of a small fleet can happen: two processes that share a Redis, two callers of
// one key, one or two faults. Checks the invariants after each event, and again when no event is left.
//
// The walk runs the real cache over a scripted Redis. A path is a list of choices. The next path starts from scratch
// and differs in the last choice. Two events that do not affect each other are tried in one order only (sleep sets,
// Godefroid 1996), which leaves out orders but never states.
#include <algorithm>
#include <array>
#include <deque>
#include <iostream>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/hash.hpp"
#include "cache/tiered_cache.hpp"
#include "support/fake_remote.hpp"
#include "support/manual_executor.hpp"

namespace wx::cache {
namespace {

using std::chrono::seconds;

// A plain build walks everything. A sanitizer looks for other faults and takes many times as long, so there the first
// paths must suffice.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kMostPaths = 10'000;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr int kMostPaths = 10'000;
#else
constexpr int kMostPaths = std::numeric_limits<int>::max();
#endif
#else
constexpr int kMostPaths = std::numeric_limits<int>::max();
#endif

constexpr std::string_view kKey = "weather:1:2";
constexpr seconds kLeaseSpan{6};
constexpr seconds kAgeLimit{20};
constexpr milliseconds kFirstPatience{1900};
constexpr milliseconds kSoftWait{1500};
constexpr seconds kPatience{60};

enum class Kind : std::uint8_t {
  ask,        // a caller asks
  exec,       // the process's oldest command reaches Redis
  reply,      // the oldest reply reaches the process
  hear,       // the oldest message on the backplane reaches the process
  listening,  // the channel works again
  turn,       // the oldest load gets its turn at the provider
  load_ok,    // the oldest call of the provider ends
  // From here on faults, whose number is limited.
  load_fail,
  exec_error,    // the oldest command fails
  exec_refused,  // Redis is full when the oldest command reaches it
  forget,        // Redis loses its values and leases
  lose,          // the channel fails, and its messages are lost
  purge,         // DELETE /weather at this process
  purge_all,     // DELETE /cache at this process
  first_leaves,  // time passes: the first caller's deadline
  lease_ends,    // time passes: beyond a lease
  age_limit,     // time passes: beyond a flight's age limit
};
constexpr auto kKinds = static_cast<std::size_t>(Kind::age_limit) + 1;
constexpr bool is_fault(Kind kind) {
  return kind >= Kind::load_fail;
}
constexpr bool is_purge(Kind kind) {
  return kind == Kind::purge || kind == Kind::purge_all;
}
constexpr bool is_time(Kind kind) {
  return kind >= Kind::first_leaves;
}

struct Event {
  Kind kind;
  int process;  // or the number of the caller, for ask
  int number;   // counts events of this kind there, so that an event has the same name on every path that enables it

  friend auto operator<=>(const Event&, const Event&) = default;
};

struct Scenario {
  const char* name;
  std::array<int, 2> process_of;          // of each caller
  std::optional<seconds> entry_age = {};  // of the copy that Redis holds at the start
  bool in_memory = false;                 // the processes hold the copy, too
  int faults = 1;
  bool forced = false;     // the second caller wants a new answer
  bool purge_all = false;  // the only fault is purge_all: its three events make many orders by themselves
  bool purge_and_loss =
      false;  // the only two faults are a purge and one that loses something: lose, exec_refused, forget

  friend void PrintTo(const Scenario& scenario, std::ostream* out) { *out << scenario.name; }
};

// Events that touch the state which the processes share.
bool touches_redis(Kind kind) {
  return kind == Kind::exec || kind == Kind::exec_error || kind == Kind::exec_refused || kind == Kind::forget ||
         kind == Kind::lose || kind == Kind::listening;
}

template <class Item>
Item take(std::deque<Item>& queue) {
  if (queue.empty()) throw std::logic_error("an event that is not possible: a path took another course when repeated");
  Item first = std::move(queue.front());
  queue.pop_front();
  return first;
}

struct Call {
  LoadCallback done;
  bool purged = false;  // the key was purged after the load had begun
  std::string body;
  SteadyTime began;
};
// Keeps published messages until the walk delivers them.
struct Ear final : FleetListener {
  bool on_fill(const Fill& fill) override {
    Entry entry;
    entry.etag = fill.etag;
    entry.stored_at = fill.stored_at;
    entry.spans.fresh_for = fill.fresh_for;
    entry.epoch = fill.epoch.value_or(0);
    put(fill_message(fill.key, entry));
    return false;
  }
  void on_fail(std::string_view key) override { put(fail_message(key)); }
  void on_purge(std::string_view key, std::optional<WallTime> at) override {
    put(at ? purge_message(key, *at) : purge_message(key));
  }
  Epoch::Heard on_epoch(std::uint64_t epoch) override {
    put(epoch_message(epoch));
    return Epoch::Heard::known;
  }
  Epoch::Repair on_epoch_key(const EpochKey&) override { return Epoch::Repair::none; }
  std::uint64_t epoch() const override { return 0; }
  void on_listening() override {}
  void on_disconnected() override {}

  void put(std::string message) {
    if (!deaf) inbox.push_back(std::move(message));
  }
  std::deque<std::string> inbox;
  bool deaf = false;
};
struct Process {
  Process(const CacheOptions& options, test::FakeClock& clock, test::FakeFleet& fleet, observability::Metrics& metrics)
      : executor(clock), remote(fleet), thread(executor, &remote, clock), cache(options, clock, metrics, *log) {
    remote.hold = true;
    remote.hold_replies = true;
    remote.purges_in_one = true;
  }
  test::ManualExecutor executor;
  test::FakeRemote remote;
  CacheThread thread;
  std::unique_ptr<observability::Log> log = observability::make_null_log();
  TieredCache cache;
  Ear ear;
  std::deque<std::move_only_function<void(bool)>> queued;  // loads that wait for their turn at the provider
  std::deque<Call> loading;
  std::array<int, kKinds> counts{};
  bool wrote_purged = false;
};

// The stage for all paths of a walk. Making a new cache for each path would cost more than the path.
struct Stage {
  Stage() {
    CacheOptions options;
    options.memory.limit = std::size_t{1} << 20;
    options.lease_span = kLeaseSpan;
    options.soft_wait = kSoftWait;
    options.flight_age_limit = kAgeLimit;
    for (auto& process : processes) {
      process = std::make_unique<Process>(options, clock, fleet, metrics);
      fleet.listeners.push_back(&process->ear);
    }
  }

  // Call this when nothing is under way. It removes all traces of the previous path.
  void reset() {
    fleet.values.clear();
    fleet.leases.clear();
    for (auto& process : processes) {
      process->cache.listener().on_purge(kKey, std::nullopt);  // memory and memos
      process->cache.listener().on_epoch_key({.holds = EpochKey::Holds::number, .epoch = fleet.epoch});
      process->counts = {};
      process->wrote_purged = false;
    }
    // Longer than all spans, and short enough for millions of paths: the clock has room for 292 years.
    clock.advance(std::chrono::minutes(10));
  }

  observability::Metrics metrics;
  test::FakeClock clock;
  test::FakeFleet fleet{clock};
  std::array<std::unique_ptr<Process>, 2> processes;
};

class World {
 public:
  World(const Scenario& scenario, Stage& stage)
      : scenario_(scenario), clock_(stage.clock), fleet_(stage.fleet), processes_(stage.processes) {
    // The same pauses whenever a path is repeated up to its next fork.
    for (auto& process : processes_) process->thread.random() = Random(1);
    if (scenario.entry_age) {
      auto entry = entry_of("before");
      entry.stored_at = clock_.wall() - *scenario.entry_age;
      entry.epoch = fleet_.epoch;
      fleet_.values[std::string(kKey)] = entry;
      if (scenario.in_memory) {
        for (auto& process : processes_) {
          process->cache.memory().insert(kKey, hash64(kKey), make_copy(std::make_shared<Entry>(entry), clock_),
                                         clock_.steady());
        }
      }
    }
  }

  [[nodiscard]] std::vector<Event> enabled() const {
    std::vector<Event> events;
    // The first caller always comes first, because the processes are alike.
    if (asked_ < 2) events.push_back({Kind::ask, asked_, 0});
    if (asked_ == 0) return events;
    const bool left = faults_ < scenario_.faults;
    const bool budget = left && !scenario_.purge_all && !scenario_.purge_and_loss;
    const bool loss = budget || (left && scenario_.purge_and_loss && (faults_ == 0 || happened(Kind::purge)));
    const bool purge = budget || (left && scenario_.purge_and_loss && !happened(Kind::purge));
    for (int p = 0; p < 2; ++p) {
      const auto& process = *processes_[static_cast<std::size_t>(p)];
      const auto add = [&](Kind kind) { events.push_back({kind, p, process.counts[static_cast<std::size_t>(kind)]}); };
      if (!process.remote.held.empty()) {
        add(Kind::exec);
        if (budget) add(Kind::exec_error);
        if (loss) add(Kind::exec_refused);
      }
      if (!process.remote.replies.empty()) add(Kind::reply);
      if (!process.ear.inbox.empty()) add(Kind::hear);
      if (process.ear.deaf) add(Kind::listening);
      if (!process.queued.empty()) add(Kind::turn);
      if (!process.loading.empty()) {
        add(Kind::load_ok);
        if (budget) add(Kind::load_fail);
      }
      if (loss && !process.ear.deaf) add(Kind::lose);
      if (purge) add(Kind::purge);
      if (loss && p == 0) add(Kind::forget);
      if (left && scenario_.purge_all) add(Kind::purge_all);
    }
    // Commands have deadlines far below these spans, so one that is still pending by then has failed (exec_error).
    const bool commands_out = std::ranges::any_of(
        processes_, [](const auto& p) { return !p->remote.held.empty() || !p->remote.replies.empty(); });
    if (budget && !commands_out) {
      for (const auto kind : {Kind::first_leaves, Kind::lease_ends, Kind::age_limit}) events.push_back({kind, 0, 0});
    }
    return events;
  }

  // Returns whether only the passing of time is left.
  [[nodiscard]] static bool quiet(const std::vector<Event>& events) {
    return std::ranges::all_of(events, [](const Event& e) { return is_fault(e.kind) && e.kind != Kind::load_fail; });
  }

  void apply(const Event& event) {
    trace_.push_back(event);
    if (is_fault(event.kind)) ++faults_;
    clock_.advance(milliseconds(1));  // so that a purge and a load have an order
    if (event.kind == Kind::ask) return ask(event.process);
    auto& process = *processes_[static_cast<std::size_t>(event.process)];
    ++process.counts[static_cast<std::size_t>(event.kind)];
    happened_.insert(event.kind);
    switch (event.kind) {
      case Kind::ask:
        break;
      case Kind::exec:
        take(process.remote.held)();
        break;
      case Kind::exec_error:
        process.remote.failing = ErrorKind::redis_unavailable;
        take(process.remote.held)();
        process.remote.failing.reset();
        break;
      case Kind::exec_refused:
        process.remote.refusing = true;
        take(process.remote.held)();
        process.remote.refusing = false;
        break;
      case Kind::forget:
        fleet_.values.clear();
        fleet_.leases.clear();
        break;
      case Kind::reply:
        take(process.remote.replies)();
        break;
      case Kind::hear: {
        const auto message = take(process.ear.inbox);
        MessageReader().hear(message, process.cache.listener());
        break;
      }
      case Kind::lose:
        process.ear.inbox.clear();
        process.ear.deaf = true;
        process.cache.listener().on_disconnected();
        break;
      case Kind::listening:
        process.ear.deaf = false;
        process.cache.listener().on_listening();
        break;
      case Kind::turn:
        take(process.queued)(true);
        break;
      case Kind::load_ok:
        complete(process, true);
        break;
      case Kind::load_fail:
        complete(process, false);
        break;
      case Kind::purge:
        process.cache.purge(process.thread, kKey, [](const Result<void>&) {});
        for (auto& load : process.loading) load.purged = true;
        calls_before_purge_ = calls_;
        break;
      case Kind::purge_all:
        process.cache.purge_all(process.thread, [](const Result<void>&) {});
        break;
      case Kind::first_leaves:
        pass(kFirstPatience + milliseconds(1));
        break;
      case Kind::lease_ends:
        pass(kLeaseSpan + milliseconds(50));
        break;
      case Kind::age_limit:
        pass(kAgeLimit + milliseconds(50));
        break;
    }
    run_posted();
  }

  // The invariants of every state.
  [[nodiscard]] std::string broken() const {
    std::size_t calls_now = 0;
    for (const auto& process : processes_) {
      calls_now += process->loading.size();
      if (process->loading.size() > 1 && !happened(Kind::age_limit)) return "two calls at a time in one process";
      if (process->wrote_purged) return "a purged load was stored in memory";
    }
    const bool lease_lost = happened(Kind::exec_error) || happened(Kind::exec_refused) || happened(Kind::forget) ||
                            happened(Kind::lease_ends) || happened(Kind::age_limit);
    if (calls_now > 1 && !lease_lost) return "two calls at a time in the fleet";
    // One call for all callers, and one more for each fault that can cause one.
    const int excuses = static_cast<int>(std::ranges::count_if(trace_, [](const Event& e) {
      return is_purge(e.kind) || e.kind == Kind::exec_error || e.kind == Kind::exec_refused || e.kind == Kind::forget ||
             is_time(e.kind);
    }));
    const int wanted = scenario_.forced && asked_ == 2 ? 1 : 0;
    if (calls_ > 1 + wanted + excuses) return "more calls than one plus one for each fault that can cause one";
    if (fresh_at_start() && excuses == 0 && calls_ > wanted) return "a call although a fresh value was stored";
    for (const auto& caller : callers_) {
      if (caller.answers > 1) return "a caller was answered twice";
      if (caller.asked && caller.answers == 0 && clock_.steady() > caller.deadline + milliseconds(1)) {
        return "a caller waited beyond its deadline";
      }
      const bool nothing_kept = !scenario_.entry_age || happened(Kind::purge) || happened(Kind::purge_all) ||
                                happened(Kind::exec_error) || (happened(Kind::forget) && !scenario_.in_memory);
      if (caller.asked && !caller.forced && caller.answers == 0 && !nothing_kept &&
          clock_.steady() > caller.asked_at + kSoftWait + milliseconds(1)) {
        return "a caller waited beyond the soft wait although a copy is kept";
      }
      if (caller.answers == 0) continue;
      if (!caller.answer && !nothing_kept) return "an error for a caller although a copy was kept";
      const bool may_fail = happened(Kind::load_fail) || happened(Kind::age_limit) || happened(Kind::first_leaves) ||
                            happened(Kind::lease_ends);
      if (!caller.answer && !may_fail) return "an error for a caller although nothing failed";
      if (caller.forced && caller.body == "before" && !may_fail) return "a forced caller got the old copy";
    }
    return {};
  }

  // The invariants when nothing is under way.
  [[nodiscard]] std::string broken_when_quiet() {
    // A lost message, an unanswered command or a purge may make a waiter wait for the end of the lease.
    const bool patience_needed =
        happened(Kind::lose) || happened(Kind::exec_error) || happened(Kind::purge) || happened(Kind::purge_all);
    for (const auto& caller : callers_) {
      if (caller.answers == 0 && !patience_needed) return "a caller waits although no event is left";
    }
    if (const auto* lease = fleet_.lease(std::string(kKey)); lease && !lease->failure && !happened(Kind::exec_error)) {
      return "a lease is held although no process loads";
    }
    if (faults_ > 0) return {};
    for (const int p : scenario_.process_of) {
      auto& cache = processes_[static_cast<std::size_t>(p)]->cache;
      if (!cache.peek(kKey, hash64(kKey), clock_.steady()).served) return "the loaded value is not in memory";
    }
    return {};
  }

  // Lets time pass and all events happen until none is left, then asks once more.
  [[nodiscard]] std::string aftermath() {
    settle_all();
    for (auto& process : processes_) {
      if (process->cache.flight_count() != 0) return "a flight is left";
      if (!process->loading.empty() || !process->queued.empty()) return "a load is left";
    }
    for (const auto& caller : callers_) {
      if (caller.answers != 1) return "a caller was not answered exactly once";
    }
    if (const auto* lease = fleet_.lease(std::string(kKey)); lease != nullptr && !lease->failure) {
      return "a lease is left";
    }
    // All faults are over, so the next callers are served, with one call at most.
    const int before = calls_;
    for (int i = 0; i < 4; ++i) {
      auto& process = *processes_[static_cast<std::size_t>(i % 2)];
      callers_.emplace_back();
      ask_at(process, callers_.back(), kPatience);
      drain();
      if (callers_.back().answers != 1 || !callers_.back().answer) return "not back to normal";
      // A process that was deaf during the purge answers once with its copy, and looks behind that.
      if (happened(Kind::lose) && i < 2) continue;
      if (happened(Kind::purge) && number_of(callers_.back().body) <= calls_before_purge_) return "purged, and served";
    }
    if (calls_ > before + 1) return "not back to one call for all";
    return {};
  }

  void settle_all() {
    for (int i = 0; i < 6; ++i) {
      drain();
      pass(kAgeLimit / 2);
    }
    drain();
  }

  [[nodiscard]] std::string trace() const {
    constexpr std::array<const char*, kKinds> kNames{
        "ask",     "exec",      "reply",        "hear",         "listening", "turn",
        "load_ok", "load_fail", "exec_error",   "exec_refused", "forget",    "lose",
        "purge",   "purge_all", "first_leaves", "lease_ends",   "age_limit"};
    std::string text;
    for (const auto& event : trace_) {
      text += ' ';
      text += kNames[static_cast<std::size_t>(event.kind)];
      if (!is_time(event.kind)) text += std::to_string(event.process);
    }
    return text;
  }

 private:
  struct Caller {
    bool asked = false;
    bool forced = false;
    SteadyTime asked_at;
    SteadyTime deadline;
    int answers = 0;
    std::string body;
    bool answer = false;  // not an error
  };

  [[nodiscard]] bool happened(Kind kind) const { return happened_.contains(kind); }
  [[nodiscard]] bool fresh_at_start() const { return scenario_.entry_age && *scenario_.entry_age < seconds(50); }

  // Fresh for a minute, then stale for a minute, then kept for a day. The time that passes here ends none of these
  // alone.
  [[nodiscard]] Entry entry_of(std::string body) const {
    Entry entry;
    entry.body = std::move(body);
    entry.content_type = "application/json";
    entry.etag = entry.body;
    entry.spans = {seconds(60), seconds(60), seconds(86'400)};
    entry.early_refresh = false;
    entry.stored_at = clock_.wall();
    return entry;
  }

  void ask(int number) {
    asked_ = number + 1;
    const auto index = static_cast<std::size_t>(number);
    callers_[index].forced = scenario_.forced && number == 1;
    ask_at(*processes_[static_cast<std::size_t>(scenario_.process_of[index])], callers_[index],
           number == 0 ? kFirstPatience : kPatience);
    run_posted();
  }

  void ask_at(Process& process, Caller& caller, milliseconds patience) {
    caller.asked = true;
    caller.asked_at = clock_.steady();
    caller.deadline = clock_.steady() + patience;
    const auto take_answer = [&caller](const Result<Served>& served) {
      ++caller.answers;
      caller.answer = served.has_value();
      if (served) caller.body = served->entry->body;
    };
    // Like the endpoint: memory first, except for a caller that forces a load.
    const Lookup lookup{.key = kKey, .hash = hash64(kKey), .deadline = caller.deadline, .forced = caller.forced};
    if (caller.forced) return process.cache.get(process.thread, lookup, loader(process), take_answer);
    const auto peeked = process.cache.peek(kKey, hash64(kKey), clock_.steady());
    if (peeked.served) {
      take_answer(*peeked.served);
      if (peeked.refresh) process.cache.refresh(process.thread, lookup, loader(process));
      return;
    }
    process.cache.get(process.thread, lookup, loader(process), take_answer);
  }

  // The number of the call that has brought a body; 0 for the one that was there before.
  static int number_of(const std::string& body) { return body == "before" ? 0 : std::stoi(body.substr(5)); }

  Loader loader(Process& process) {
    return [this, &process](LoadRequest request, LoadCallback done) {
      process.queued.push_back([this, &process, turn = std::move(request.turn), done = std::move(done)](bool) mutable {
        turn([this, &process, done = std::move(done)](bool go) mutable {
          if (!go) return;
          ++calls_;
          process.loading.push_back({std::move(done), false, "call " + std::to_string(calls_), clock_.steady()});
        });
      });
    };
  }

  void complete(Process& process, bool well) {
    auto call = take(process.loading);
    if (!well) return call.done(fail(ErrorKind::provider_timeout));
    const auto entry = entry_of(call.body);
    call.done(Loaded{.body = entry.body,
                     .content_type = entry.content_type,
                     .etag = entry.etag,
                     .spans = entry.spans,
                     .early_refresh = false,
                     .request_time = call.began});
    if (!call.purged) return;
    const auto kept = process.cache.peek(kKey, hash64(kKey), clock_.steady());
    process.wrote_purged |= kept.served && kept.served->entry->body == call.body;
  }

  void run_posted() {
    for (auto& process : processes_) process->executor.run_posted();
  }
  void pass(nanoseconds span) {
    clock_.advance(span);
    for (auto& process : processes_) process->executor.run_due();
  }

  // Lets all pending events happen, without time passing.
  void drain() {
    for (bool moved = true; moved;) {
      moved = false;
      for (auto& process : processes_) {
        run_posted();
        if (process->ear.deaf) {
          process->ear.deaf = false;
          process->cache.listener().on_listening();
        } else if (!process->remote.held.empty()) {
          take(process->remote.held)();
        } else if (!process->remote.replies.empty()) {
          take(process->remote.replies)();
        } else if (!process->ear.inbox.empty()) {
          const auto message = take(process->ear.inbox);
          MessageReader().hear(message, process->cache.listener());
        } else if (!process->queued.empty()) {
          take(process->queued)(true);
        } else if (!process->loading.empty()) {
          complete(*process, true);
        } else {
          continue;
        }
        moved = true;
      }
    }
  }

  const Scenario scenario_;
  test::FakeClock& clock_;
  test::FakeFleet& fleet_;
  std::array<std::unique_ptr<Process>, 2>& processes_;
  std::deque<Caller> callers_{2};
  int asked_ = 0;
  int faults_ = 0;
  int calls_ = 0;
  int calls_before_purge_ = 0;
  std::set<Kind> happened_;
  std::vector<Event> trace_;
};

// Returns whether the order of the two events makes no difference.
bool independent(const Event& a, const Event& b, const Scenario& scenario) {
  if (is_time(a.kind) || is_time(b.kind)) return false;
  if (is_fault(a.kind) && is_fault(b.kind)) return false;  // they share the limit of faults
  const auto process = [&](const Event& e) {
    return e.kind == Kind::ask ? scenario.process_of[static_cast<std::size_t>(e.process)] : e.process;
  };
  if (process(a) == process(b)) return false;
  // The moment of a purge is compared with those of the other process's loads and values.
  const auto dated = [](Kind kind) { return kind == Kind::reply || kind == Kind::turn || kind == Kind::load_ok; };
  if ((a.kind == Kind::purge && dated(b.kind)) || (b.kind == Kind::purge && dated(a.kind))) return false;
  if (a.kind == Kind::ask && b.kind == Kind::ask) return false;
  return !(touches_redis(a.kind) && touches_redis(b.kind));
}

struct Walked {
  int paths = 0;
  int states = 0;
  std::string fault;
};

Walked walk(const Scenario& scenario) {
  struct Node {
    std::vector<Event> choices;
    std::size_t at = 0;
    std::set<Event> asleep;
  };
  Walked walked;
  Stage stage;
  std::vector<Node> path;
  for (bool more = true; more && walked.paths < kMostPaths;) {
    World world(scenario, stage);
    for (const auto& node : path) world.apply(node.choices[node.at]);
    std::string fault = world.broken();
    bool whole = false;  // false if the rest has been walked before
    while (fault.empty()) {
      auto choices = world.enabled();
      whole = World::quiet(choices);
      if (whole) {
        fault = world.broken_when_quiet();
        if (!fault.empty()) break;
      }
      std::set<Event> asleep;
      if (!path.empty()) {
        const auto& last = path.back();
        const auto& chosen = last.choices[last.at];
        for (const auto& event : last.asleep) {
          if (independent(event, chosen, scenario)) asleep.insert(event);
        }
        for (std::size_t i = 0; i < last.at; ++i) {
          if (independent(last.choices[i], chosen, scenario)) asleep.insert(last.choices[i]);
        }
      }
      std::erase_if(choices, [&](const Event& event) { return asleep.contains(event); });
      if (choices.empty()) break;
      path.push_back({std::move(choices), 0, std::move(asleep)});
      world.apply(path.back().choices[0]);
      ++walked.states;
      fault = world.broken();
    }
    ++walked.paths;
    if (fault.empty() && whole) fault = world.aftermath();
    if (fault.empty() && !whole) world.settle_all();
    if (!fault.empty()) {
      walked.fault = fault + ", after:" + world.trace();
      return walked;
    }
    stage.reset();
    while (!path.empty() && path.back().at + 1 == path.back().choices.size()) path.pop_back();
    more = !path.empty();
    if (more) ++path.back().at;
  }
  return walked;
}

class Interleavings : public testing::TestWithParam<Scenario> {};

TEST_P(Interleavings, EveryOrderKeepsEveryPromise) {
  const auto walked = walk(GetParam());
  EXPECT_EQ(walked.fault, "");
  EXPECT_GT(walked.paths, 100);
  RecordProperty("paths", walked.paths);
  RecordProperty("states", walked.states);
  std::cout << walked.paths << " paths, " << walked.states << " states\n";
}

constexpr std::array kTwoProcesses{0, 1};
constexpr std::array kOneProcess{0, 0};
INSTANTIATE_TEST_SUITE_P(
    Fleet, Interleavings,
    testing::Values(
        Scenario{.name = "ColdTwoProcesses", .process_of = kTwoProcesses},
        Scenario{.name = "ColdOneProcess", .process_of = kOneProcess},
        Scenario{.name = "StaleInMemoryTwoProcesses",
                 .process_of = kTwoProcesses,
                 .entry_age = seconds(70),
                 .in_memory = true},
        Scenario{.name = "StaleInRedisTwoProcesses", .process_of = kTwoProcesses, .entry_age = seconds(70)},
        Scenario{.name = "KeptInRedisTwoProcesses", .process_of = kTwoProcesses, .entry_age = seconds(200)},
        Scenario{.name = "KeptInMemoryTwoProcesses",
                 .process_of = kTwoProcesses,
                 .entry_age = seconds(200),
                 .in_memory = true},
        Scenario{.name = "FreshInRedisTwoProcesses", .process_of = kTwoProcesses, .entry_age = seconds(1)},
        Scenario{.name = "KeptInRedisOneProcess", .process_of = kOneProcess, .entry_age = seconds(200)},
        Scenario{.name = "ForcedColdTwoProcesses", .process_of = kTwoProcesses, .forced = true},
        Scenario{.name = "ForcedFreshInRedisTwoProcesses",
                 .process_of = kTwoProcesses,
                 .entry_age = seconds(1),
                 .forced = true},
        Scenario{.name = "ForcedFreshInMemoryTwoProcesses",
                 .process_of = kTwoProcesses,
                 .entry_age = seconds(1),
                 .in_memory = true,
                 .forced = true},
        Scenario{
            .name = "ForcedFreshInRedisOneProcess", .process_of = kOneProcess, .entry_age = seconds(1), .forced = true},
        Scenario{.name = "ForcedKeptInRedisOneProcess",
                 .process_of = kOneProcess,
                 .entry_age = seconds(200),
                 .forced = true},
        Scenario{.name = "KeptInMemoryAllPurged",
                 .process_of = kTwoProcesses,
                 .entry_age = seconds(200),
                 .in_memory = true,
                 .purge_all = true},
        Scenario{
            .name = "FreshInRedisAllPurged", .process_of = kTwoProcesses, .entry_age = seconds(1), .purge_all = true},
        Scenario{.name = "KeptInMemoryOneProcessPurgedAndLost",
                 .process_of = kOneProcess,
                 .entry_age = seconds(200),
                 .in_memory = true,
                 .faults = 2,
                 .purge_and_loss = true},
        Scenario{.name = "FreshInMemoryPurgedAndLost",
                 .process_of = kTwoProcesses,
                 .entry_age = seconds(1),
                 .in_memory = true,
                 .faults = 2,
                 .purge_and_loss = true}),
    [](const auto& scenario) { return scenario.param.name; });

}  // namespace
}  // namespace wx::cache
