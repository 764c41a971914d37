#include "drop_in/answer.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "base/gzip.hpp"
#include "base/text.hpp"
#include "open_meteo/body_check.hpp"
#include "open_meteo/refusal.hpp"

namespace wx::drop_in {
namespace {

using cache::EntryKind;
using cache::Loaded;
using open_meteo::Reply;

// A reason may quote the whole query, with escapes. What is larger has no reason, and is not passed on.
constexpr std::size_t kLargestError = std::size_t{1024} * 1024;
constexpr std::size_t kLongestField = 200;  // bytes of a header field's value
// Fast, because the provider compresses itself, and only a server of one's own may not.
constexpr int kLevel = 1;

bool is_gzip(const Reply& reply) {
  return iequals(reply.content_encoding, "gzip") || iequals(reply.content_encoding, "x-gzip");
}

bool is_identity(const Reply& reply) {
  return reply.content_encoding.empty() || iequals(reply.content_encoding, "identity");
}

std::unexpected<Error> bad_reply(std::string detail, bool of_query = false) {
  return std::unexpected(Error{.kind = ErrorKind::provider_bad_reply,
                               .detail = std::move(detail),
                               .provider_status = 200,
                               .of_query = of_query});
}

std::unexpected<Error> undecodable(GzipFault fault, std::size_t limit) {
  if (fault != GzipFault::too_large) return bad_reply(cat("the gzip of the reply ", describe(fault)));
  return bad_reply(cat("the answer has more than ", limit, " bytes (RESPONSE_LIMIT)"), true);
}

// A header field that can be sent on, and kept in Redis.
bool is_plain_field(std::string_view value) {
  return value.size() <= kLongestField && std::ranges::all_of(value, [](char c) { return c >= ' ' && c <= '~'; });
}

// The body of an error document, decoded. Empty if it cannot be.
std::string decoded_error(const Reply& reply) {
  if (is_identity(reply)) return reply.body.size() <= kLargestError ? reply.body : std::string();
  if (!is_gzip(reply)) return {};
  return inflate_gzip(reply.body, kLargestError).value_or("");
}

Result<Loaded> read_refusal(const Reply& reply, const open_meteo::AttemptTimes& times, const AnswerOptions& options) {
  auto body = decoded_error(reply);
  auto error = open_meteo::refusal(reply.status, body, times.received_there());
  if (error.kind == ErrorKind::provider_refused) {
    Loaded refusal;
    refusal.kind = EntryKind::refusal;
    refusal.spans.fresh_for = open_meteo::refusal_lifetime(error.detail, times.sent_there(), options.refusal_ttl);
    refusal.content_type = "application/json; charset=utf-8";
    refusal.decisive = true;
    refusal.etag = "refusal";
    refusal.body = Body::copy_of(body);
    return refusal;
  }
  // A body without a reason is a web page of something else than the provider.
  if (!body.empty() && !open_meteo::read_reason(body).empty()) {
    error.body = std::make_shared<const std::string>(std::move(body));
  }
  return std::unexpected(std::move(error));
}

// What the check of a whole body found, and the body itself if it is small.
struct Checked {
  open_meteo::BodyFacts facts;
  std::string small;
};

Result<Checked> check(const Reply& reply, const open_meteo::Asked& asked, std::size_t limit) {
  const auto checker = open_meteo::BodyCheck::make(asked, reply.content_type);
  Checked checked;
  const auto take = [&](std::string_view piece) {
    if (checked.small.size() <= kSmallBody)
      append(checked.small, piece.substr(0, kSmallBody + 1 - checked.small.size()));
    checker->feed(piece);
  };
  if (is_gzip(reply)) {
    Inflater inflater(limit);
    auto decoded = inflater.feed(reply.body, take);
    if (decoded) decoded = inflater.finish();
    if (!decoded) return undecodable(decoded.error(), limit);
  } else if (is_identity(reply)) {
    if (reply.body.size() > limit) return undecodable(GzipFault::too_large, limit);
    take(reply.body);
  } else {
    return bad_reply("the reply is in an encoding that was not asked for");
  }
  auto facts = checker->finish();
  if (!facts) return std::unexpected(std::move(facts.error()));
  checked.facts = *std::move(facts);
  return checked;
}

void set_body(Loaded& loaded, const Reply& reply, Checked& checked) {
  const auto gzip = [&](std::string_view bytes) {
    loaded.body = Body::copy_of(bytes);
    loaded.encoding = cache::Encoding::gzip;
    loaded.decoded_size = checked.facts.size;
  };
  if (checked.facts.size <= kSmallBody) {
    loaded.body = Body::copy_of(checked.small);
  } else if (is_gzip(reply)) {
    gzip(reply.body);
  } else if (const auto packed = deflate_gzip(reply.body, kLevel); packed.size() < reply.body.size() / 10 * 9) {
    gzip(packed);
  } else {
    loaded.body = Body::copy_of(reply.body);  // a spreadsheet is compressed already
  }
}

}  // namespace

Result<Loaded> read_answer(const Reply& reply, open_meteo::AttemptTimes& times, const open_meteo::Asked& asked,
                           std::uint64_t key_hash, const AnswerOptions& options) {
  if (reply.status < 200 || reply.status > 299) return read_refusal(reply, times, options);
  if (reply.status != 200) {
    auto error = bad_reply(cat("the provider answered with status ", reply.status));
    error.error().provider_status = reply.status;
    return error;
  }
  if (reply.content_type.empty() || !is_plain_field(reply.content_type)) {
    return bad_reply("the reply has no valid Content-Type");
  }
  auto checked = check(reply, asked, options.response_limit);
  if (!checked) return std::unexpected(std::move(checked.error()));
  if (!open_meteo::fits(asked, checked->facts, times.sent_there())) times.ahead.reset();
  Loaded loaded;
  set_body(loaded, reply, *checked);
  loaded.content_type = reply.content_type;
  if (is_plain_field(reply.content_disposition)) loaded.content_disposition = reply.content_disposition;
  loaded.etag = std::move(checked->facts.data_hash);
  if (checked->facts.empty_of_values) {
    loaded.kind = EntryKind::valueless;
    loaded.spans.fresh_for = options.refusal_ttl;
    return loaded;
  }
  const auto life = open_meteo::answer_lifetime(options.freshness, asked, checked->facts, times.sent_there(), key_hash);
  loaded.spans = life.spans;
  loaded.early_refresh = life.early_refresh;
  return loaded;
}

}  // namespace wx::drop_in
