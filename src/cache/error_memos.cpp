#include "cache/error_memos.hpp"

#include <algorithm>
#include <utility>

namespace wx::cache {
namespace {

// The nodes of the list and of the map, the map's slot, and the allocator's part of each.
constexpr std::size_t kOverhead = 96;
// Many memos that end one after the other are swept together.
constexpr milliseconds kSweepPause{1000};

}  // namespace

std::size_t ErrorMemos::Item::cost() const {
  std::size_t sum = sizeof(Item) + kOverhead + key.capacity() + memo.question.capacity();
  if (memo.failure.error) {
    const Error& error = *memo.failure.error;
    sum += error.detail.capacity();
    if (error.body) sum += sizeof(std::string) + error.body->capacity();
  }
  if (memo.failure.refusal) {
    const Entry& refusal = *memo.failure.refusal->entry;
    sum += sizeof(Entry) + refusal.body.buffer_bytes() + refusal.content_type.capacity() + refusal.etag.capacity() +
           refusal.content_disposition.capacity() + refusal.question.capacity();
  }
  return sum;
}

const Memo* ErrorMemos::active(const MemoKey& key, SteadyTime now) {
  if (now >= sweep_at_) sweep(now);
  const auto found = items_.find(key.table_key);
  if (found == items_.end()) return nullptr;
  const Memo& memo = found->second->memo;
  return now < memo.until && memo.question == key.question ? &memo : nullptr;
}

const Memo& ErrorMemos::record(const MemoKey& key, Failure failure, bool kept, WallTime begun, SteadyTime now) {
  if (now >= sweep_at_) sweep(now);
  Item& item = place(key);
  Memo& memo = item.memo;
  // A failure counts as consecutive only if the last memo ended less than twice the longest time ago.
  const bool in_a_row = memo.count > 0 && now < forgotten_at(memo);
  memo.count = in_a_row ? std::min(memo.count + 1, FailureMemo::kMaxCount) : 1;
  memo.failure = std::move(failure);
  if (memo.failure.error) memo.failure.error->remembered = true;
  memo.look = false;
  memo.begun = begun;
  memo.kept = kept;
  nanoseconds span = options_.first;
  for (int i = 1; i < memo.count && span < options_.longest; ++i) span *= 2;
  span = std::min<nanoseconds>(span, options_.longest);
  if (memo.failure.refusal) {
    const auto own = memo.failure.refusal->entry->spans.fresh_for;
    span = own > milliseconds(0) ? std::min(own, options_.refusal) : options_.refusal;
  }
  memo.until = now + span;
  on_changed(item);
  return memo;
}

void ErrorMemos::record_fleet(const MemoKey& key, const FailureMemo& failure, bool kept, WallTime begun,
                              SteadyTime now) {
  if (now >= sweep_at_) sweep(now);
  Item& item = place(key);
  Memo& memo = item.memo;
  memo.look = false;
  memo.begun = begun;
  memo.count = failure.count;
  memo.failure = {};
  if (failure.kind) memo.failure.error = Error{.kind = *failure.kind, .remembered = true};
  memo.kept = kept;
  memo.until = now + failure.left;
  on_changed(item);
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
  bytes_ -= item->bytes;
  items_.erase(found);
  order_.erase(item);
}

void ErrorMemos::clear() {
  items_.clear();
  order_.clear();
  bytes_ = 0;
}

ErrorMemos::Item& ErrorMemos::place(const MemoKey& key) {
  if (const auto found = items_.find(key.table_key); found != items_.end()) {
    Item& item = *found->second;
    if (item.memo.question != key.question) item.memo = {};
    item.memo.question = key.question;
    order_.splice(order_.end(), order_, found->second);
    return item;
  }
  if (order_.size() >= options_.limit) forget(order_.front().key);
  order_.push_back({.key = std::string(key.table_key), .memo = {}});
  const auto item = std::prev(order_.end());
  item->memo.question = key.question;
  items_.emplace(item->key, item);
  return *item;
}

void ErrorMemos::on_changed(Item& item) {
  count_bytes(item);
  while (bytes_ > options_.bytes && order_.size() > 1) forget(order_.front().key);
  sweep_at_ = std::min(sweep_at_, item.memo.until);
}

void ErrorMemos::count_bytes(Item& item) {
  bytes_ -= std::exchange(item.bytes, item.cost());
  bytes_ += item.bytes;
}

void ErrorMemos::sweep(SteadyTime now) {
  sweep_at_ = SteadyTime::max();
  for (auto next = order_.begin(); next != order_.end();) {
    Item& item = *next++;
    if (now >= forgotten_at(item.memo)) {
      forget(item.key);
      continue;
    }
    const bool ended = now >= item.memo.until;
    if (ended && (item.memo.failure.error || item.memo.failure.refusal)) {
      item.memo.failure = {};
      count_bytes(item);
    }
    sweep_at_ = std::min(sweep_at_, ended ? forgotten_at(item.memo) : item.memo.until);
  }
  sweep_at_ = std::max(sweep_at_, now + kSweepPause);
}

}  // namespace wx::cache
