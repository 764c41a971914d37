#include "endpoints/envelope.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "endpoints/headers.hpp"
#include "endpoints/request_id.hpp"
#include "endpoints/send.hpp"

namespace wx::endpoints {
namespace {

using namespace std::chrono_literals;

// The provider's words. Clients compare them, and people search for them.
constexpr std::string_view kTooMany = "Too many concurrent requests";
constexpr std::string_view kMinute = "Minutely API request limit exceeded. Please try again in one minute.";
constexpr std::string_view kHour = "Hourly API request limit exceeded. Please try again in the next hour.";
constexpr std::string_view kDay = "Daily API request limit exceeded. Please try again tomorrow.";
constexpr std::string_view kTooLong = "Your API URL is too long. Use POST.";
constexpr std::string_view kNotFound = "Not Found";

// The provider counts in windows, and resets them once a minute. The wait tells which one is used up.
std::string_view limit_reason(std::optional<milliseconds> wait) {
  if (wait && *wait <= 5s) return kTooMany;  // so long is a pause for too many calls at once
  if (!wait || *wait <= 2min) return kMinute;
  return *wait <= 62min ? kHour : kDay;
}

bool is_providers_own(int status) {
  return status == 400 || status == 401 || status == 403 || status == 404 || status == 405;
}

std::optional<milliseconds> wait_of(const Error& error, int status) {
  if (status != 429 && error.kind != ErrorKind::draining) return error.retry_after;
  return error.retry_after.value_or(1s);
}

long long whole_seconds(milliseconds wait) {
  return std::max<long long>(1, std::chrono::ceil<std::chrono::seconds>(wait).count());
}

}  // namespace

int envelope_status_of(const Error& error) {
  switch (error.kind) {
    case ErrorKind::provider_denied:
    case ErrorKind::provider_error:
      // Without the provider's envelope it is a web page, of something else than the provider.
      return error.body && is_providers_own(error.provider_status) ? error.provider_status : 502;
    case ErrorKind::unauthorized:
      return 401;
    case ErrorKind::not_found:
      return 404;
    case ErrorKind::method_not_allowed:
      return 405;
    case ErrorKind::precondition_failed:
      return 412;
    case ErrorKind::bad_parameter:
    case ErrorKind::malformed_request:
    case ErrorKind::request_timeout:
    case ErrorKind::content_too_large:
    case ErrorKind::uri_too_long:
    case ErrorKind::headers_too_large:
    case ErrorKind::version_unsupported:
    case ErrorKind::not_implemented:
    case ErrorKind::cross_site:
    case ErrorKind::provider_refused:
      return 400;
    case ErrorKind::client_limited:
    case ErrorKind::lab_busy:
    case ErrorKind::mock_limited:
    case ErrorKind::token_limited:
    case ErrorKind::overloaded:
    case ErrorKind::provider_limited:
      return 429;
    case ErrorKind::not_cached:
    case ErrorKind::cache_unavailable:
    case ErrorKind::deadline_exceeded:
    case ErrorKind::provider_timeout:
      return 504;
    case ErrorKind::draining:
    case ErrorKind::internal:
    case ErrorKind::provider_unreachable:
    case ErrorKind::provider_bad_reply:
    case ErrorKind::redis_unavailable:
    case ErrorKind::redis_timeout:
    case ErrorKind::redis_error:
    case ErrorKind::redis_protocol:
      return 502;
  }
  return 502;
}

std::string reason_of(const Error& error) {
  switch (error.kind) {
    case ErrorKind::overloaded:
    case ErrorKind::client_limited:
      return std::string(kTooMany);
    case ErrorKind::provider_limited:
      if (error.provider_status == 0) return std::string(limit_reason(error.retry_after));
      break;
    case ErrorKind::uri_too_long:
      return std::string(kTooLong);
    case ErrorKind::not_found:
      if (error.detail.empty()) return std::string(kNotFound);
      break;
    default:
      break;
  }
  // A reason of the provider, or of this service for this request, stands alone.
  if (!error.detail.empty() && (is_clients(error.kind) || envelope_status_of(error) < 500)) return error.detail;
  const auto what = sentence(error.kind);
  return error.detail.empty() ? std::string(what) : cat(what, ": ", error.detail);
}

template <class Answer>
void respond_envelope(Context& context, Answer& answer, const Problem& problem) {
  const auto& error = problem.error;
  const int status = envelope_status_of(error);
  const RequestId id(answer.request().field(http_server::Field::x_request_id), context.random);
  std::string made;
  if (!error.body) {
    made = "{\"error\":true,\"reason\":";
    append_json_string(made, reason_of(error));
    made += '}';
  }
  auto& headers = context.headers;
  headers.clear();
  append(headers, kJsonType);
  append(headers, "Cache-Control: no-store\r\n");
  if (const auto wait = wait_of(error, status)) {
    const auto seconds = whole_seconds(*wait);
    append(headers, cat("Retry-After: ", std::min(seconds, whole_seconds(context.options.retry_after_max)), "\r\n"));
    if (error.kind == ErrorKind::provider_limited) append(headers, cat("X-Quota-Reset: ", seconds, "\r\n"));
  }
  append(headers, problem.extra_headers);
  const std::string_view body = error.body ? std::string_view(*error.body) : made;
  send(context, answer, id,
       {.status = status, .error = name(error.kind), .clients = is_clients(error.kind), .api = true}, {body});
}

template void respond_envelope(Context&, http_server::Exchange&, const Problem&);
template void respond_envelope(Context&, http_server::Responder&, const Problem&);

}  // namespace wx::endpoints
