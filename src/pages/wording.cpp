#include "pages/wording.hpp"

#include <algorithm>
#include <cmath>

#include "base/text.hpp"

namespace wx::pages {

using web::Language;

std::string number_text(Language language, std::string_view token) {
  std::string out(token);
  if (language == Language::pt_br) std::ranges::replace(out, '.', ',');
  return out;
}

bool is_null(std::string_view token) {
  return token == "null";
}

std::string value_text(Language language, std::string_view token) {
  return is_null(token) ? std::string(kNoValue) : number_text(language, token);
}

std::string duration_text(Language language, nanoseconds span) {
  const double ms = static_cast<double>(span.count()) / 1e6;
  int decimals = 0;
  for (double limit = 100; decimals < 4 && ms < limit; limit /= 10) ++decimals;
  std::string digits;
  append_fixed(digits, ms, decimals);
  if (decimals > 0) {
    while (digits.back() == '0') digits.pop_back();
    if (digits.back() == '.') digits.pop_back();
  }
  return cat(number_text(language, digits), kMillisecondsUnit);
}

std::string span_text(milliseconds span) {
  const auto ms = span.count();
  if (ms >= 3'600'000 && ms % 3'600'000 == 0) return cat(ms / 3'600'000, " h");
  if (ms >= 60'000 && ms % 60'000 == 0) return cat(ms / 60'000, " min");
  if (ms % 1000 == 0) return cat(ms / 1000, " s");
  return cat(ms, " ms");
}

std::string_view source_text(Language language, std::string_view source) {
  const auto translated = web::text(language, cat("source.", source));
  return translated.empty() ? source : translated;
}

// The English text is the key of its translation: a changed text needs a changed key in web/.
std::string_view fault_text(Language language, std::string_view detail) {
  const auto translated = web::text(language, cat("fault.", detail));
  return translated.empty() ? detail : translated;
}

std::string_view error_title(Language language, ErrorKind kind) {
  const auto translated = web::text(language, cat("error.", name(kind)));
  return translated.empty() ? sentence(kind) : translated;
}

bool mock_would_help(ErrorKind kind) {
  return name(kind).starts_with("provider-") || kind == ErrorKind::client_limited ||
         kind == ErrorKind::deadline_exceeded;
}

namespace {

// Keys of the group `live`: when it makes sense to ask again, where no Retry-After says so.
std::string_view again_key(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::client_limited:
    case ErrorKind::provider_limited:
      return "live.again-later";
    case ErrorKind::internal:
    case ErrorKind::redis_unavailable:
    case ErrorKind::redis_timeout:
    case ErrorKind::redis_error:
    case ErrorKind::redis_protocol:
    case ErrorKind::lab_busy:
    case ErrorKind::mock_limited:
    case ErrorKind::overloaded:
    case ErrorKind::draining:
    case ErrorKind::request_timeout:
      return "live.again-moment";
    case ErrorKind::provider_unreachable:
    case ErrorKind::provider_timeout:
    case ErrorKind::provider_error:
    case ErrorKind::provider_bad_reply:
    case ErrorKind::deadline_exceeded:
      return "live.again-seconds";
    default:
      return {};
  }
}

// Keys of the group `error`: what else helps.
std::string_view help_key(ErrorKind kind, const AdviceContext& context) {
  switch (kind) {
    case ErrorKind::bad_parameter:
      return context.marks_fields ? "error.advice-marked" : "error.advice-parameter";
    case ErrorKind::not_found:
      return "error.advice-path";
    case ErrorKind::method_not_allowed:
      return "error.advice-method";
    case ErrorKind::uri_too_long:
    case ErrorKind::headers_too_large:
      return "error.advice-too-long";
    case ErrorKind::internal:
    case ErrorKind::redis_unavailable:
    case ErrorKind::redis_timeout:
    case ErrorKind::redis_error:
    case ErrorKind::redis_protocol:
      return "error.advice-internal";
    case ErrorKind::client_limited:
    case ErrorKind::provider_limited:
      return "error.advice-limited";
    case ErrorKind::provider_unreachable:
    case ErrorKind::provider_timeout:
    case ErrorKind::provider_error:
    case ErrorKind::provider_bad_reply:
    case ErrorKind::deadline_exceeded:
      return context.may_offer_mock ? "error.advice-mock" : std::string_view();
    case ErrorKind::lab_busy:
    case ErrorKind::mock_limited:
    case ErrorKind::overloaded:
    case ErrorKind::draining:
    case ErrorKind::request_timeout:
      return {};
    case ErrorKind::provider_refused:
      return "error.advice-refused";
    case ErrorKind::provider_denied:
      return "error.advice-denied";
    case ErrorKind::malformed_request:
    case ErrorKind::unauthorized:
    case ErrorKind::token_limited:
    case ErrorKind::cross_site:
    case ErrorKind::content_too_large:
    case ErrorKind::version_unsupported:
    case ErrorKind::not_implemented:
    case ErrorKind::precondition_failed:
    case ErrorKind::not_cached:
    case ErrorKind::cache_unavailable:
      return context.has_detail ? "error.advice-other" : std::string_view();
  }
  return {};
}

}  // namespace

// web/problem.js has the same tables; keep them equal.
std::string advice(Language language, ErrorKind kind, const AdviceContext& context) {
  std::string out;
  if (context.retry_after_seconds) {
    out = web::text(language, "live.retry-after");
    out.replace(out.find("{n}"), 3, cat(*context.retry_after_seconds));
  } else {
    out = web::text(language, again_key(kind));
  }
  const auto help = web::text(language, help_key(kind, context));
  return cat(out, out.empty() || help.empty() ? "" : " ", help);
}

}  // namespace wx::pages
