#include "endpoints/cached_answer.hpp"

#include "base/piece_writer.hpp"
#include "base/text.hpp"
#include "endpoints/headers.hpp"
#include "endpoints/negotiate.hpp"
#include "endpoints/precondition.hpp"
#include "endpoints/request_id.hpp"
#include "endpoints/send.hpp"

namespace wx::endpoints {

using cache::Outcome;
using cache::Served;
using http_server::Field;
using observability::Counter;
using observability::Timing;

namespace {

// States how long a client may use the answer (RFC 9111 §4.2, RFC 5861). The Age header carries the time already
// elapsed.
void put_cache_control(PieceWriter& to, const cache::Spans& spans) {
  using std::chrono::duration_cast;
  using std::chrono::seconds;
  to.put("Cache-Control: public, max-age=");
  to.put(duration_cast<seconds>(spans.fresh_for).count());
  to.put(", stale-while-revalidate=");
  to.put(duration_cast<seconds>(spans.stale_for).count());
  to.put(", stale-if-error=");
  to.put(duration_cast<seconds>(spans.keep_for).count());
  to.put("\r\n");
}

Counter counter_of(const Served& served) {
  switch (served.outcome) {
    case Outcome::hit:
      return served.tier == cache::Tier::redis ? Counter::requests_hit_redis : Counter::requests_hit_memory;
    case Outcome::stale_while_revalidate:
    case Outcome::stale_if_error:
    case Outcome::soft_timeout:
      return Counter::requests_stale;
    case Outcome::miss:
    case Outcome::revalidated:
    case Outcome::forced:
      return Counter::requests_miss;
    case Outcome::lease:
      return Counter::requests_lease;
    case Outcome::collapsed:
      return Counter::requests_collapsed;
    case Outcome::bypass:
      return Counter::requests_bypass;
  }
  return Counter::requests_miss;
}

// The counter for the reason a stale answer was served; nothing for other outcomes.
std::optional<Counter> stale_counter_of(Outcome outcome) {
  if (outcome == Outcome::stale_while_revalidate) return Counter::stale_while_revalidate;
  if (outcome == Outcome::stale_if_error) return Counter::stale_if_error;
  if (outcome == Outcome::soft_timeout) return Counter::stale_soft_timeout;
  return std::nullopt;
}

}  // namespace

template <class Answer>
void respond_cached(Context& context, Answer& answer, const CachedAnswer& cached,
                    std::initializer_list<http_server::BodyPart> body) {
  if (refused_by_if_match(context, answer, {})) return;  // the entity tag is weak
  const auto& request = answer.request();
  const auto& entry = *cached.served.entry;
  const auto if_none_match = request.field(Field::if_none_match);
  const bool not_modified = if_none_match && matches_etag(*if_none_match, entry.etag);
  // A shared cache gives the answer to other clients too. So the answer does not have the id of this client's request.
  const bool shared = cached.storing == Storing::allowed;
  const RequestId id(shared ? std::nullopt : request.field(Field::x_request_id), context.random);
  auto& headers = context.headers;
  headers.clear();
  constexpr std::size_t kMostOwn = 256;  // exceeds Cache-Control and ETag, without the tag
  const std::size_t most = kMostOwn + kMostCacheStatus + kMostServerTiming + cached.representation.size() +
                           cached.extra_headers.size() + entry.etag.size() + cached.vary.size();
  append_within(headers, most, [&](PieceWriter& to) {
    // RFC 9110 §15.4.5: a 304 describes no representation. The client has the 200.
    if (!not_modified) to.put(cached.representation);
    put_cache_status(to, cached.served);
    if (shared) {
      put_cache_control(to, entry.spans);
    } else {
      to.put("Cache-Control: no-store\r\n");
    }
    if (!not_modified) to.put(cached.extra_headers);
    to.put("ETag: W/\"");
    to.put(entry.etag);
    to.put("\"\r\n");
    to.put(cached.vary);
    put_server_timing(to, cached.served, cached.total);
  });

  Sent sent{
      .status = 200, .cache = x_cache(cached.served.outcome), .took = cached.total, .api = true, .shared = shared};
  if (not_modified) {
    sent.status = 304;
    return send(context, answer, id, sent, {});
  }
  send(context, answer, id, sent, body);
}

template void respond_cached(Context&, http_server::Exchange&, const CachedAnswer&,
                             std::initializer_list<http_server::BodyPart>);
template void respond_cached(Context&, http_server::Responder&, const CachedAnswer&,
                             std::initializer_list<http_server::BodyPart>);

void count_answer(observability::Metrics& metrics, const Served& served, nanoseconds total) {
  const bool waited = served.outcome != Outcome::hit && served.outcome != Outcome::stale_while_revalidate;
  metrics.add(counter_of(served));
  if (const auto stale = stale_counter_of(served.outcome)) metrics.add(*stale);
  metrics.observe(waited ? Timing::load : Timing::hit, total);
  metrics.observe(Timing::age, served.age);
}

std::string cache_status_of(const Error& error, cache::Mode mode, bool redis_down) {
  std::string line = "Cache-Status: weather-cache";
  if (error.remembered) {
    append(line, "; hit; detail=error-memo");
  } else if (error.kind == ErrorKind::not_cached) {
    append(line, "; detail=only-if-cached");
  } else if (error.kind == ErrorKind::cache_unavailable) {
    append(line, "; detail=redis-unavailable");
  } else {
    append(line, mode == cache::Mode::bypass ? "; fwd=bypass" : "; fwd=uri-miss");
  }
  if (error.provider_status != 0 && !error.remembered) append(line, cat("; fwd-status=", error.provider_status));
  if (redis_down) append(line, "; detail=redis-unavailable");
  append(line, "\r\n");
  return line;
}

}  // namespace wx::endpoints
