#include "cache/error_memos.hpp"

#include <algorithm>
#include <utility>

namespace wx::cache {

const Memo* ErrorMemos::active(std::string_view key, SteadyTime now) const {
  const auto found = items_.find(key);
  if (found == items_.end()) return nullptr;
  const Memo& memo = found->second->memo;
  return now < memo.until ? &memo : nullptr;
}

const Memo& ErrorMemos::record(std::string_view key, Failure failure, bool kept, WallTime begun, SteadyTime now) {
  const bool known = items_.contains(key);
  Memo& memo = place(key);
  // A failure counts as consecutive only if the last memo ended less than twice the longest time ago.
  const bool in_a_row = known && now < memo.until + 2 * options_.longest;
  memo.count = in_a_row ? std::min(memo.count + 1, FailureMemo::kMaxCount) : 1;
  memo.failure = std::move(failure);
  if (memo.failure.error) memo.failure.error->remembered = true;
  memo.look = false;
  memo.begun = begun;
  memo.kept = kept;
  nanoseconds span = options_.first;
  for (int i = 1; i < memo.count && span < options_.longest; ++i) span *= 2;
  span = std::min<nanoseconds>(span, options_.longest);
  if (memo.failure.refusal) span = options_.refusal;
  memo.until = now + span;
  return memo;
}

void ErrorMemos::record_fleet(std::string_view key, const FailureMemo& failure, bool kept, WallTime begun,
                              SteadyTime now) {
  Memo& memo = place(key);
  memo.look = false;
  memo.begun = begun;
  memo.count = failure.count;
  memo.failure = {};
  if (failure.kind) memo.failure.error = Error{.kind = *failure.kind, .remembered = true};
  memo.kept = kept;
  memo.until = now + failure.left;
}

void ErrorMemos::on_fill(std::string_view key) {
  if (const auto found = items_.find(key); found != items_.end()) found->second->memo.look = true;
}

bool ErrorMemos::take_look(std::string_view key) {
  const auto found = items_.find(key);
  return found != items_.end() && std::exchange(found->second->memo.look, false);
}

void ErrorMemos::on_value(std::string_view key, WallTime stored_at) {
  const auto found = items_.find(key);
  if (found != items_.end() && stored_at >= found->second->memo.begun) forget(key);
}

void ErrorMemos::on_purged(std::string_view key, const Moment& at) {
  const auto found = items_.find(key);
  if (found == items_.end()) return;
  if (found->second->memo.begun <= at.wall) forget(key);
}

void ErrorMemos::on_nothing_kept(std::string_view key) {
  if (const auto found = items_.find(key); found != items_.end()) found->second->memo.kept = false;
}

void ErrorMemos::forget(std::string_view key) {
  const auto found = items_.find(key);
  if (found == items_.end()) return;
  const auto item = found->second;
  items_.erase(found);
  order_.erase(item);
}

void ErrorMemos::clear() {
  items_.clear();
  order_.clear();
}

Memo& ErrorMemos::place(std::string_view key) {
  if (const auto found = items_.find(key); found != items_.end()) {
    order_.splice(order_.end(), order_, found->second);
    return found->second->memo;
  }
  if (order_.size() >= options_.limit) {
    items_.erase(order_.front().key);
    order_.pop_front();
  }
  order_.push_back({std::string(key), {}});
  const auto item = std::prev(order_.end());
  items_.emplace(item->key, item);
  return item->memo;
}

}  // namespace wx::cache
