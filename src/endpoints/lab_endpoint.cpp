#include "endpoints/lab_endpoint.hpp"

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "endpoints/headers.hpp"
#include "endpoints/precondition.hpp"
#include "endpoints/problem.hpp"
#include "endpoints/query.hpp"
#include "endpoints/request_id.hpp"
#include "endpoints/same_origin.hpp"
#include "endpoints/send.hpp"

namespace wx::endpoints {

using http_server::Exchange;
using http_server::Responder;

namespace {

constexpr std::uint64_t kMostCallers = 200;
constexpr unsigned kUsualCallers = 100;

// Returns the value of `n`, the usual number if it is absent, or nothing if it is repeated or invalid.
std::optional<unsigned> parse_callers(std::string_view query) {
  std::optional<unsigned> callers;
  while (!query.empty()) {
    const auto sent = cut_parameter(query, "n");
    if (!sent) continue;
    const auto value = parse_unsigned(*sent);
    if (callers || !value || *value < 1 || *value > kMostCallers) return std::nullopt;
    callers = static_cast<unsigned>(*value);
  }
  return callers.value_or(kUsualCallers);
}

// A random point, so that it is not cached: 5 decimals give a grid of some 6 * 10^14 points.
weather::Location somewhere(Random& random) {
  const auto coordinate = [&random](weather::Axis axis, double range) {
    std::string text;
    append_fixed(text, (random.fraction() * 2 - 1) * range, 5);
    return weather::parse_coordinate(axis, text).value();
  };
  auto latitude = coordinate(weather::Axis::latitude, 89);
  return {std::move(latitude), coordinate(weather::Axis::longitude, 179)};
}

}  // namespace

struct LabEndpoint::Herd {
  unsigned waiting = 0;
  unsigned answers = 0;
  unsigned errors = 0;
  unsigned calls_before = 0;
  unsigned calls = 0;
  SteadyTime started;
  nanoseconds last_answer{0};
};

struct LabEndpoint::Run {
  Run(LabGate::Pass given, Responder to, unsigned count, weather::Location place)
      : pass(std::move(given)), responder(std::move(to)), callers(count), location(std::move(place)) {}

  LabGate::Pass pass;
  Responder responder;
  unsigned callers;
  weather::Location location;
  Herd collapsed;
  Herd bypass;
  bool second = false;
};

// A request that waits for its turn. Its thread owns it; the gate knows it weakly. But the gate's may be the last
// reference, on another thread, so its timer and its Responder are taken from it before its thread forgets it.
class LabEndpoint::Visit final : public LabGate::Visitor, public std::enable_shared_from_this<Visit> {
 public:
  Visit(LabEndpoint& endpoint, Responder responder, unsigned callers)
      : endpoint_(endpoint),
        executor_(responder.executor()),
        gone_(responder.gone()),
        responder_(std::move(responder)),
        callers_(callers) {}

  // On any thread.
  void begin(LabGate::Pass pass) override {
    executor_.post([&endpoint = endpoint_, visit = weak_from_this(), pass = std::move(pass)]() mutable {
      endpoint.on_turn(visit, std::move(pass));
    });
  }
  void end() override {
    executor_.post([&endpoint = endpoint_, visit = weak_from_this()] { endpoint.on_end(visit); });
  }
  [[nodiscard]] bool gone() const override { return gone_ && gone_->load(std::memory_order_relaxed); }

  // On the endpoint's thread.
  void wait(nanoseconds limit) {
    timer_ = executor_.after(limit, [this] { endpoint_.give_up(shared_from_this()); });
  }
  [[nodiscard]] Responder take_responder() {
    timer_.reset();
    return std::move(responder_);
  }
  [[nodiscard]] const http_server::Request& request() const { return responder_.request(); }
  [[nodiscard]] unsigned callers() const { return callers_; }

 private:
  LabEndpoint& endpoint_;
  Executor& executor_;
  const std::shared_ptr<const std::atomic<bool>> gone_;
  Responder responder_;
  unsigned callers_;
  std::unique_ptr<Timer> timer_;
};

LabEndpoint::LabEndpoint(Context& context)
    : context_(context), thread_{.cache = context.thread.cache, .mock = counted_mock()} {}

LabEndpoint::~LabEndpoint() {
  for (const auto& visit : waiting_) static_cast<void>(visit->take_responder());
}

weather::LoaderFor LabEndpoint::counted_mock() {
  return [this](const weather::Location& location, std::uint64_t key_hash) -> cache::Loader {
    return [this, load = context_.thread.mock(location, key_hash)](cache::LoadRequest request,
                                                                   cache::LoadCallback done) mutable {
      // A load calls the mock only if it is allowed to proceed.
      request.turn = [this, turn = std::move(request.turn)](cache::Proceed proceed) mutable {
        turn([this, proceed = std::move(proceed)](bool go) mutable {
          calls_ += go ? 1 : 0;
          proceed(go);
        });
      };
      load(std::move(request), std::move(done));
    };
  };
}

void LabEndpoint::stampede(Exchange& exchange) {
  if (is_cross_site(exchange.request(), context_.options.trusted_proxies)) {
    return refuse(exchange, ErrorKind::cross_site, "only this service's own page, or a program, may start a run");
  }
  const auto callers = parse_callers(exchange.request().query());
  if (!callers) return refuse_callers(exchange, "must be a whole number from 1 to 200");
  if (refused_by_if_match(context_, exchange, {})) return;
  const auto visit = std::make_shared<Visit>(*this, exchange.defer(), *callers);
  const auto client = client_key(client_of(context_, visit->request()));
  auto entry = context_.lab.enter(client, visit, context_.clock.steady());
  if (entry.pass) return begin(visit->take_responder(), visit->callers(), *std::move(entry.pass));
  if (!entry.waits) {
    auto responder = visit->take_responder();
    return refuse_turn(responder, "this client already runs or waits, or too many others wait");
  }
  waiting_.push_back(visit);
  // Each of the two herds ends within the time limit of its requests, so the run that goes on ends within this time.
  visit->wait(2 * context_.options.request_timeout);
}

std::optional<Responder> LabEndpoint::stop_waiting(const std::shared_ptr<Visit>& visit) {
  if (std::erase(waiting_, visit) == 0) return std::nullopt;
  return visit->take_responder();
}

void LabEndpoint::on_turn(const std::weak_ptr<Visit>& visit, LabGate::Pass pass) {
  const auto turn = visit.lock();
  // A client that has gone since then may have ended its own side only. It gets its run like one that goes during it.
  if (auto responder = stop_waiting(turn)) begin(*std::move(responder), turn->callers(), std::move(pass));
}

void LabEndpoint::on_end(const std::weak_ptr<Visit>& visit) {
  if (auto responder = stop_waiting(visit.lock())) {
    refuse_turn(*responder, "the client had closed the connection, or its side of it, before its turn");
  }
}

void LabEndpoint::give_up(const std::shared_ptr<Visit>& visit) {
  if (!context_.lab.withdraw(*visit, context_.clock.steady())) return;  // on_turn() or on_end() follows
  if (auto responder = stop_waiting(visit)) {
    refuse(*responder, ErrorKind::lab_busy,
           cat("others are before this client, whose place in line is kept for ",
               std::chrono::duration_cast<std::chrono::seconds>(LabGate::kPlaceKept).count(), " seconds"));
  }
}

void LabEndpoint::begin(Responder responder, unsigned callers, LabGate::Pass pass) {
  const auto run = std::make_shared<Run>(std::move(pass), std::move(responder), callers, somewhere(context_.random));
  start_herd(run, run->collapsed, cache::Mode::normal);
}

void LabEndpoint::start_herd(const std::shared_ptr<Run>& run, Herd& herd, cache::Mode mode) {
  const weather::Question question{run->location, true, mode};
  const weather::Key key(question);
  herd.waiting = run->callers;
  herd.calls_before = calls_;
  herd.started = context_.clock.steady();
  const auto lookup = weather::lookup_of(question, key, herd.started + context_.options.request_timeout);
  for (unsigned i = 0; i < run->callers; ++i) {
    context_.service.ask(thread_, question, lookup, {}, [this, run, &herd](const Result<cache::Served>& served) {
      ++(served ? herd.answers : herd.errors);
      herd.last_answer = context_.clock.steady() - herd.started;
      if (--herd.waiting > 0) return;
      herd.calls = calls_ - herd.calls_before;
      next(run);
    });
  }
}

void LabEndpoint::next(const std::shared_ptr<Run>& run) {
  if (std::exchange(run->second, true)) return finish(*run);
  start_herd(run, run->bypass, cache::Mode::bypass);
}

void LabEndpoint::finish(Run& run) {
  std::string body = cat("{\"callers\":", run.callers, ",\"question\":{\"latitude\":", run.location.latitude.text,
                         ",\"longitude\":", run.location.longitude.text, ",\"mock\":true}");
  const auto add = [&body](std::string_view name, const Herd& herd) {
    append(body, cat(",\"", name, "\":{\"provider_calls\":", herd.calls, ",\"answers\":", herd.answers,
                     ",\"errors\":", herd.errors, ",\"last_answer_ms\":"));
    append_fixed(body, static_cast<double>(herd.last_answer.count()) / 1e6, 2);
    body += '}';
  };
  add("collapsed", run.collapsed);
  add("bypass", run.bypass);
  append(body, "}\n");
  const RequestId id(run.responder.request().field(http_server::Field::x_request_id), context_.random);
  auto& headers = context_.headers;
  headers.clear();
  append(headers, kJsonType);
  append(headers, "Cache-Control: no-store\r\n");
  // Released before the answer is sent, because the client may start the next run as soon as it has the answer.
  run.pass.release();
  send(context_, run.responder, id, {.status = 200}, {body});
}

template <class Answer>
void LabEndpoint::refuse(Answer& answer, ErrorKind kind, std::string detail) {
  Problem problem;
  problem.error = {.kind = kind, .detail = std::move(detail)};
  respond_problem(context_, answer, problem);
}

void LabEndpoint::refuse_turn(Responder& responder, std::string detail) {
  if (context_.lab.closed()) return refuse(responder, ErrorKind::draining, "nobody waits for a run any more");
  refuse(responder, ErrorKind::lab_busy, std::move(detail));
}

void LabEndpoint::refuse_callers(Exchange& exchange, std::string detail) {
  Problem problem;
  problem.error = {.kind = ErrorKind::bad_parameter, .detail = cat("n ", detail)};
  problem.faults.push_back({"n", std::move(detail)});
  respond_problem(context_, exchange, problem);
}

}  // namespace wx::endpoints
