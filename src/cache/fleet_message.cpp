#include "cache/fleet_message.hpp"

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "cache/codec.hpp"

namespace wx::cache {
namespace {

std::string_view cut_word(std::string_view& rest) {
  const auto end = std::min(rest.find(' '), rest.size());
  const auto word = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return word;
}

std::optional<milliseconds> parse_ms(std::string_view text) {
  const auto value = parse_unsigned(text);
  if (!value || *value > kMaxMilliseconds) return std::nullopt;
  return milliseconds(static_cast<milliseconds::rep>(*value));
}

using Heard = Epoch::Heard;

Heard hear_fill(std::string_view rest, FleetListener& listener) {
  const auto key = cut_word(rest);
  const auto etag = cut_word(rest);
  const auto stored_at = parse_ms(cut_word(rest));
  const auto fresh_for = parse_ms(cut_word(rest));
  const auto epoch = cut_word(rest);
  const auto parsed = parse_unsigned(epoch);
  if (key.empty() || etag.empty() || !stored_at || !fresh_for || (!epoch.empty() && !parsed)) {
    return Heard::foreign;
  }
  const bool look = listener.on_fill(
      {.key = key, .etag = etag, .stored_at = WallTime(*stored_at), .fresh_for = *fresh_for, .epoch = parsed});
  return look ? Heard::look : Heard::known;
}

}  // namespace

std::string fill_message(std::string_view key, const Entry& entry) {
  return cat("fill ", key, " ", entry.etag, " ", entry.stored_at.time_since_epoch().count(), " ",
             entry.spans.fresh_for.count(), " ", entry.epoch);
}

std::string fail_message(std::string_view key) {
  return cat("fail ", key);
}

std::string purge_message(std::string_view key) {
  return cat("purge ", key);
}

std::string purge_message(std::string_view key, WallTime at) {
  return cat("wx2 purge ", key, " ", at.time_since_epoch().count());
}

std::string epoch_message(std::uint64_t epoch) {
  return cat("epoch ", epoch);
}

Epoch::Heard MessageReader::hear(std::string_view message, FleetListener& listener) {
  const auto purged = std::exchange(purged_, {});
  auto rest = message;
  const auto verb = cut_word(rest);
  if (verb == "fill") return hear_fill(rest, listener);
  if (verb == "wx2") {
    const bool purge = cut_word(rest) == "purge";
    const auto key = cut_word(rest);
    const auto at = parse_ms(cut_word(rest));
    if (!purge || key.empty() || !at) return Heard::foreign;
    purged_ = key;
    listener.on_purge(key, WallTime(*at));
    return Heard::known;
  }
  if (rest.empty() || rest.find(' ') != std::string_view::npos) return Heard::foreign;
  if (verb == "epoch") {
    const auto epoch = parse_unsigned(rest);
    return epoch ? listener.on_epoch(*epoch) : Heard::foreign;
  }
  if (verb == "fail") {
    listener.on_fail(rest);
  } else if (verb == "purge") {
    if (rest != purged) listener.on_purge(rest, std::nullopt);
  } else {
    return Heard::foreign;
  }
  return Heard::known;
}

}  // namespace wx::cache
