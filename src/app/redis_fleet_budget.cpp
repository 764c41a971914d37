#include "app/redis_fleet_budget.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <utility>

#include "base/text.hpp"
#include "cache/redis_keys.hpp"
#include "observability/log_exception.hpp"

namespace wx::app {

using open_meteo::FleetTotals;
using open_meteo::FleetWindow;
using open_meteo::Patience;
using redis::Reply;

namespace {

// How long an exchange with Patience::long_ may take.
constexpr milliseconds kPatience{1000};

// The total in a score; nothing if it is not a whole number of 0 or more that a double holds exactly.
std::optional<std::int64_t> total_of(const Reply& score) {
  constexpr double kMostExact = 9'007'199'254'740'992;  // 2^53
  if (score.kind() == redis::Kind::real) {
    const double value = score.real();
    if (!(value >= 0 && value <= kMostExact) || std::trunc(value) != value) return std::nullopt;
    return static_cast<std::int64_t>(value);
  }
  const auto value = parse_unsigned(score.text());
  if (!value || static_cast<double>(*value) > kMostExact) return std::nullopt;
  return static_cast<std::int64_t>(*value);
}

}  // namespace

std::vector<FleetTotals> parse_totals(const Reply& reply) {
  struct One {
    std::string_view id;
    bool spent;
    std::int64_t total;
  };
  std::vector<One> ones;
  ones.reserve(reply.size());
  const auto take = [&](std::string_view member, const Reply& score) {
    const auto total = total_of(score);
    if (!total || member.size() < 3 || !(member.ends_with(":s") || member.ends_with(":g"))) return;
    ones.push_back({.id = member.substr(0, member.size() - 2), .spent = member.back() == 's', .total = *total});
  };
  std::optional<std::string_view> member;
  for (const Reply element : reply) {
    if (element.size() == 2) {
      take(element[0].text(), element[1]);
    } else if (member) {
      take(*member, element);
      member.reset();
    } else {
      member = element.text();
    }
  }
  std::ranges::sort(ones, {}, &One::id);
  std::vector<FleetTotals> all;
  for (const auto& [id, spent, total] : ones) {
    if (all.empty() || all.back().id != id) all.push_back({.id = std::string(id)});
    (spent ? all.back().spent : all.back().given_back) = total;
  }
  return all;
}

// The replies to one exchange. Every command has two callbacks, and the exchange is over with the last of them.
class RedisFleetBudget::Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  Exchange(RedisFleetBudget& owner, std::size_t windows, Patience patience, Done done, Late late)
      : owner_(owner), counts_(windows), patience_(patience), done_(std::move(done)), late_(std::move(late)) {}

  void send(std::vector<FleetWindow> windows) {
    std::vector<Texts> texts;
    texts.reserve(windows.size());  // the commands hold views into it
    std::vector<redis::Command> commands;
    commands.reserve(4 * windows.size());
    for (std::size_t w = 0; w < windows.size(); ++w) add(windows[w], w, texts.emplace_back(), commands);
    unheard_ = outstanding_;
    owner_.client_.pipeline(commands);
  }

  // The caller has waited long enough.
  void give_up() {
    timer_.reset();
    if (done_) std::exchange(done_, nullptr)(fail(ErrorKind::redis_timeout));
  }

 private:
  // The texts of one window's commands.
  struct Texts {
    std::string key;
    std::string plain_key;
    std::string span;
    std::vector<std::string> words;
    std::vector<redis::Argument> zadd;
    std::vector<redis::Argument> zrange;
    std::vector<redis::Argument> get;
    std::vector<redis::Argument> pexpire;
  };
  using Read = void (Exchange::*)(std::size_t window, const Reply& reply);

  void add(const FleetWindow& window, std::size_t w, Texts& texts, std::vector<redis::Command>& commands) {
    texts.key = cache::budget_key(owner_.prefix_, window.name);
    if (!window.write.empty()) {
      texts.words.reserve(4 * window.write.size());
      for (const auto& totals : window.write) {
        texts.words.push_back(cat(totals.spent));
        texts.words.push_back(cat(totals.id, ":s"));
        if (totals.given_back == 0) continue;
        texts.words.push_back(cat(totals.given_back));
        texts.words.push_back(cat(totals.id, ":g"));
      }
      texts.zadd = {"ZADD", texts.key, "GT"};
      texts.zadd.insert(texts.zadd.end(), texts.words.begin(), texts.words.end());
      add(texts.zadd, commands,
          [self = shared_from_this(), key = texts.key, span = window.expires_after,
           expire = window.expire](const Reply& reply) {
            if (!expire && reply.integer() > 0) self->expire(key, span);
          });
    }
    if (window.expire) {
      // The count does not depend on its reply.
      texts.span = cat(milliseconds(window.expires_after).count());
      texts.pexpire = {"PEXPIRE", texts.key, texts.span};
      commands.push_back({.arguments = texts.pexpire, .done = [](const Result<Reply>&) {}});
    }
    texts.zrange = {"ZRANGE", texts.key, "0", "-1", "WITHSCORES"};
    add(texts.zrange, commands,
        [self = shared_from_this(), w](const Reply& reply) { self->counts_[w].totals = parse_totals(reply); });
    if (window.plain_name.empty()) return;
    texts.plain_key = cache::plain_budget_key(owner_.prefix_, window.plain_name);
    texts.get = {"GET", texts.plain_key};
    add(texts.get, commands, [self = shared_from_this(), w](const Reply& reply) {
      const auto count = parse_unsigned(reply.text()).value_or(0);
      self->counts_[w].plain =
          static_cast<std::int64_t>(std::min<std::uint64_t>(count, open_meteo::WindowLedger::kMost));
    });
  }

  template <class Take>
  void add(const std::vector<redis::Argument>& arguments, std::vector<redis::Command>& commands, const Take& take) {
    ++outstanding_;
    commands.push_back(
        {.arguments = arguments,
         .done =
             [self = shared_from_this(), take](const Result<Reply>& reply) {
               --self->outstanding_;
               self->hear(reply, take);
             },
         .late = [self = shared_from_this(), take](const Result<Reply>& reply) { self->hear(reply, take); }});
  }

  template <class Take>
  void hear(const Result<Reply>& reply, const Take& take) {
    if (reply) {
      try {
        take(*reply);
        --unheard_;
      } catch (...) {
        observability::log_exception(owner_.log_, "app", "reading the fleet's count threw");
        error_ = Error{.kind = ErrorKind::internal};
      }
    } else {
      if (!error_ || error_->kind == ErrorKind::redis_timeout) error_ = reply.error();
      if (reply.error().kind == ErrorKind::redis_error) owner_.note_refusal(reply.error());
    }
    if (unheard_ == 0) return complete();
    if (outstanding_ > 0 || !done_ || timer_) return;
    if (error_->kind == ErrorKind::redis_timeout && patience_ == Patience::long_ && !waited_) return wait();
    fail_now();
  }

  void complete() {
    owner_.patient_.erase(shared_from_this());
    timer_.reset();
    if (done_) return std::exchange(done_, nullptr)(std::move(counts_));
    if (late_) std::exchange(late_, nullptr)(std::move(counts_));
  }

  void fail_now() { std::exchange(done_, nullptr)(std::unexpected(*error_)); }

  // Waits for the late replies.
  void wait() {
    waited_ = true;
    const auto left = std::max<nanoseconds>(kPatience - owner_.client_.command_timeout(), nanoseconds(0));
    owner_.patient_.insert(shared_from_this());
    timer_ = owner_.executor_.after(left, [this] {
      const auto self = shared_from_this();
      owner_.patient_.erase(self);
      give_up();
    });
  }

  void expire(const std::string& key, std::chrono::seconds span) {
    owner_.client_.command({"PEXPIRE", key, cat(milliseconds(span).count())}, [](const Result<Reply>&) {});
  }

  RedisFleetBudget& owner_;
  Counts counts_;
  const Patience patience_;
  Done done_;  // empty once called
  Late late_;
  std::size_t outstanding_ = 0;  // commands whose first callback is to come
  std::size_t unheard_ = 0;      // commands without a reply
  bool waited_ = false;
  std::optional<Error> error_;
  std::unique_ptr<Timer> timer_;
};

RedisFleetBudget::RedisFleetBudget(redis::Client& client, Executor& executor, std::string prefix,
                                   observability::Log& log)
    : client_(client), executor_(executor), prefix_(std::move(prefix)), log_(log) {}

RedisFleetBudget::~RedisFleetBudget() = default;

void RedisFleetBudget::exchange(std::vector<FleetWindow> windows, Patience patience, Done done, Late late) {
  if (windows.empty()) return done(Counts{});
  for (const auto& window : windows) {
    if (!client_.available(cache::budget_key(prefix_, window.name))) return done(fail(ErrorKind::redis_unavailable));
  }
  if (executor_.in_this_thread()) return begin(std::move(windows), patience, std::move(done), std::move(late));
  executor_.post(
      [this, windows = std::move(windows), patience, done = std::move(done), late = std::move(late)]() mutable {
        begin(std::move(windows), patience, std::move(done), std::move(late));
      });
}

void RedisFleetBudget::begin(std::vector<FleetWindow> windows, Patience patience, Done done, Late late) {
  const auto count = windows.size();
  std::make_shared<Exchange>(*this, count, patience, std::move(done), std::move(late))->send(std::move(windows));
}

void RedisFleetBudget::note_refusal(const Error& error) {
  if (!error.detail.starts_with("ERR syntax error") || std::exchange(too_old_logged_, true)) return;
  log_.warn(
      "app",
      "this Redis cannot count provider calls for several processes: each limits itself to its share; use Redis 6.2 "
      "or later");
}

}  // namespace wx::app
