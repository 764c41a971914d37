// What makes room in a shard: copies that were purged, identity forms, and the entries that SIEVE evicts.
#include <algorithm>
#include <memory>
#include <utility>

#include "cache/sieve_shard.hpp"

namespace wx::cache {
namespace {

// The node of the list of forms, and the allocator's part of it, of the form and of its body.
constexpr std::size_t kFormOverhead = 4 * 8 + 3 * 16;

// How many things one call removes for the room of an insertion. It bounds the time under the lock.
constexpr int kMostAtOnce = 16;

// Returns true if the two are one entry, or one is the other with a new date.
bool have_one_body(const Entry& a, const Entry& b) {
  return a.body.view().data() == b.body.view().data() && a.body.size() == b.body.size();
}

}  // namespace

bool SieveShard::make_room(std::size_t bytes, SteadyTime now, const Node* keep, std::size_t& evicted) {
  for (int removed = 0; !room_.take(bytes); ++removed) {
    const auto stage = room_.has_purged() ? Stage::purged : room_.has_forms() ? Stage::forms : Stage::crowded;
    if (removed == kMostAtOnce || !free_one(stage, now, keep, evicted)) return false;
  }
  return true;
}

std::size_t SieveShard::free(Stage stage, std::size_t bytes, SteadyTime now, std::size_t& evicted) {
  const auto before = bytes_;
  for (int removed = 0; removed < kMostAtOnce && before - bytes_ < bytes; ++removed) {
    if (!free_one(stage, now, nullptr, evicted)) break;
  }
  return before - bytes_;
}

bool SieveShard::free_one(Stage stage, SteadyTime now, const Node* keep, std::size_t& evicted) {
  switch (stage) {
    case Stage::purged:
      if (sweep_ == nullptr) return false;
      sweep(kSweep, keep);
      return true;
    case Stage::forms:
      if (forms_.empty()) return false;
      drop_form(forms_.front());
      return true;
    case Stage::crowded:
      if (!room_.is_crowded(nodes_.size())) return false;
      break;
    case Stage::any:
      break;
  }
  if (nodes_.size() <= (keep == nullptr ? 0U : 1U)) return false;
  evict_one(now, keep);
  ++evicted;
  return true;
}

std::optional<Body> SieveShard::identity_of(std::string_view key, std::uint64_t hash, const Entry& entry) const {
  const Node* node = node_of(key, hash);
  if (node == nullptr || !node->form || !have_one_body(*node->copy.entry, entry)) return std::nullopt;
  return node->form->body;
}

void SieveShard::keep_identity(std::string_view key, std::uint64_t hash, const Entry& entry, Body identity) {
  Node* node = node_of(key, hash);
  if (node == nullptr || node->form || !have_one_body(*node->copy.entry, entry)) return;
  const std::size_t bytes = sizeof(Form) + kFormOverhead + identity.buffer_bytes();
  if (bytes > room_.largest()) return;
  auto form = std::make_unique<Form>(Form{.body = std::move(identity), .place = {}, .bytes = bytes});
  std::list<Node*> place{node};
  for (int dropped = 0; !room_.take(bytes); ++dropped) {
    if (dropped == kMostAtOnce || forms_.empty()) return;
    drop_form(forms_.front());
  }
  form->place = place.begin();
  forms_.splice(forms_.end(), place);
  node->form = std::move(form);
  bytes_ += bytes;
  room_.add_form();
}

void SieveShard::drop_form(Node* node) {
  if (!node->form) return;
  forms_.erase(node->form->place);
  bytes_ -= node->form->bytes;
  room_.give_back(node->form->bytes);
  room_.remove_form();
  node->form.reset();
}

void SieveShard::drop_purged(const Validity& validity, std::size_t most) {
  purged_.epoch = std::max(purged_.epoch, validity.epoch);
  purged_.purged_until = std::max(purged_.purged_until, validity.purged_until);
  sweep_from(oldest_);
  sweep(most);
}

void SieveShard::sweep(std::size_t most, const Node* keep) {
  for (; sweep_ != nullptr && most > 0; --most) {
    Node* node = sweep_;
    sweep_from(node->newer);
    // A copy of a higher epoch follows a purge that this shard has not been told of yet.
    const bool purged = node->copy.entry->epoch < purged_.epoch || node->inserted <= purged_.purged_until;
    if (purged && node != keep) remove(node);
  }
}

void SieveShard::sweep_from(Node* node) {
  if (sweep_ == nullptr && node != nullptr) room_.add_purged();
  if (sweep_ != nullptr && node == nullptr) room_.remove_purged();
  sweep_ = node;
}

void SieveShard::evict_one(SteadyTime now, const Node* keep) {
  Node* candidate = hand_ != nullptr ? hand_ : oldest_;
  while (candidate == keep || (candidate->visited && candidate->copy.freshness(now) != Freshness::gone)) {
    if (candidate != keep) candidate->visited = false;
    candidate = candidate->newer != nullptr ? candidate->newer : oldest_;
  }
  hand_ = candidate->newer;
  remove(candidate);
}

}  // namespace wx::cache
