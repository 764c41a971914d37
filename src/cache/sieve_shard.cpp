#include "cache/sieve_shard.hpp"

#include <algorithm>
#include <memory>

namespace wx::cache {
namespace {

// The overhead of the allocator and the set: a header per block (node, entry with its control block, three strings),
// and the set's slot at its usual load factor.
constexpr std::size_t kOverhead = 5 * 16 + 24;

// Room that is given back if an exception ends the insertion.
class Taken {
 public:
  Taken(MemoryRoom& room, std::size_t bytes) : room_(room), bytes_(bytes) {}
  Taken(const Taken&) = delete;
  Taken& operator=(const Taken&) = delete;
  ~Taken() { room_.give_back(bytes_); }
  void keep() { bytes_ = 0; }

 private:
  MemoryRoom& room_;
  std::size_t bytes_;
};

// The heap bytes of a string with this capacity.
std::size_t heap_bytes(std::size_t capacity) {
  constexpr std::size_t kInline = 15;  // libstdc++ stores up to this size in the object
  return capacity > kInline ? capacity + 1 : 0;
}

}  // namespace

void SieveShard::Node::take(Copy newer_copy, SteadyTime now) {
  copy = std::move(newer_copy);
  inserted = now;
  doubt.on_replaced(copy.entry->stored_at);
  refresh_from = SteadyTime::min();
}

SieveShard::SieveShard(MemoryRoom& room) : room_(room) {}

SieveShard::~SieveShard() {
  for (Node* node : nodes_) delete node;
}

std::size_t SieveShard::cost(std::string_view key, const Entry& entry) {
  return sizeof(Node) + sizeof(Entry) + heap_bytes(key.size()) + entry.body.buffer_bytes() +
         heap_bytes(entry.content_type.capacity()) + heap_bytes(entry.etag.capacity()) +
         heap_bytes(entry.content_disposition.capacity()) + heap_bytes(entry.question.capacity()) + kOverhead;
}

SieveShard::Node* SieveShard::node_of(std::string_view key, std::uint64_t hash) const {
  const auto found = nodes_.find(KeyRef{key, hash});
  return found == nodes_.end() ? nullptr : *found;
}

inline SieveShard::Node* SieveShard::visit(const AskedKey& asked, SteadyTime now, const Validity& validity) {
  Node* node = node_of(asked.key, asked.hash);
  if (node == nullptr || node->copy.entry->question != asked.question) return nullptr;
  if (node->copy.freshness(now) == Freshness::gone || node->is_purged(validity)) {
    remove(node);
    return nullptr;
  }
  node->visited = true;
  return node;
}

std::optional<ShardHit> SieveShard::find(const AskedKey& asked, SteadyTime now, double early_part,
                                         nanoseconds refresh_pause, const Validity& validity) {
  Node* node = visit(asked, now, validity);
  if (node == nullptr) return std::nullopt;
  ShardHit hit{.copy = node->copy};
  const bool gap = node->inserted < validity.trusted_from;
  const bool late = is_late(node->copy, early_part, asked.hash, now);
  if ((late || gap) && now >= node->refresh_from) {
    hit.start_refresh = true;
    node->refresh_from = now + refresh_pause;
  }
  if (gap) {
    hit.doubts = Doubts::gap;
  } else if (node->doubt.exists()) {
    hit.doubts = Doubts::superseded;
    if (!late && node->doubt.look_is_due(now)) {
      hit.start_refresh = true;
      node->doubt.postpone(now + kLookPause);
    }
  }
  return hit;
}

std::optional<Copy> SieveShard::look(const AskedKey& asked, SteadyTime now, const Validity& validity) {
  const Node* node = visit(asked, now, validity);
  return node == nullptr ? std::nullopt : std::optional(node->copy);
}

Insertion SieveShard::insert(std::string_view key, std::uint64_t hash, const Copy& copy, SteadyTime now,
                             std::size_t& evicted) {
  const std::size_t bytes = cost(key, *copy.entry);
  sweep(kSweep);
  Node* old = node_of(key, hash);
  if (bytes > room_.largest()) {
    if (old != nullptr) remove(old);
    return Insertion::too_large;
  }
  if (old != nullptr) {
    // Replaced in place: a refresh does not change the key's position in the queue.
    drop_form(old);
    if (bytes > old->bytes && !make_room(bytes - old->bytes, now, old, evicted)) return Insertion::no_room;
    if (bytes < old->bytes) room_.give_back(old->bytes - bytes);
    bytes_ = bytes_ - old->bytes + bytes;
    old->bytes = bytes;
    old->take(copy, now);
    return Insertion::kept;
  }
  auto node = std::make_unique<Node>(Node{.key = std::string(key),
                                          .hash = hash,
                                          .copy = copy,
                                          .inserted = now,
                                          .refresh_from = SteadyTime::min(),
                                          .bytes = bytes});
  if (!make_room(bytes, now, nullptr, evicted)) return Insertion::no_room;
  Taken taken(room_, bytes);
  nodes_.insert(node.get());
  taken.keep();
  link_newest(node.release());
  bytes_ += bytes;
  room_.add_entry();
  return Insertion::kept;
}

void SieveShard::allow_refresh_from(std::string_view key, std::uint64_t hash, SteadyTime from) {
  if (Node* node = node_of(key, hash); node != nullptr) node->refresh_from = from;
}

bool SieveShard::heard_fill(const FleetListener::Fill& fill, std::uint64_t hash, SteadyTime now, const Clock& clock,
                            const Validity& validity) {
  Node* node = node_of(fill.key, hash);
  if (node == nullptr) return false;
  const Entry& old = *node->copy.entry;
  if (old.stored_at >= fill.stored_at || fill.epoch.value_or(old.epoch) != old.epoch) return false;
  const bool same = fill.epoch && !node->is_purged(validity) && old.etag == fill.etag &&
                    old.spans.fresh_for == fill.fresh_for && !ahead_of_clock(fill.stored_at, clock);
  if (!same) {
    node->doubt.begin(fill.stored_at, now);
    return true;
  }
  auto renewed = std::make_shared<Entry>(old);
  renewed->stored_at = fill.stored_at;
  node->take(make_copy(std::move(renewed), clock), now);
  return true;
}

void SieveShard::count_look(std::string_view key, std::uint64_t hash) {
  if (Node* node = node_of(key, hash); node != nullptr) node->doubt.count_look();
}

bool SieveShard::erase(std::string_view key, std::uint64_t hash) {
  Node* node = node_of(key, hash);
  if (node == nullptr) return false;
  remove(node);
  return true;
}

bool SieveShard::erase_until(std::string_view key, std::uint64_t hash, const Moment& at) {
  Node* node = node_of(key, hash);
  if (node == nullptr || !stored_until(node->copy, at)) return false;
  remove(node);
  return true;
}

void SieveShard::confirm(std::string_view key, std::uint64_t hash, const Copy& held, Copy dated, SteadyTime since) {
  Node* node = node_of(key, hash);
  if (node == nullptr || node->copy.entry != held.entry) return;
  node->copy = std::move(dated);
  node->inserted = since;
  node->refresh_from = SteadyTime::min();
}

void SieveShard::link_newest(Node* node) {
  node->older = newest_;
  if (newest_ != nullptr) newest_->newer = node;
  newest_ = node;
  if (oldest_ == nullptr) oldest_ = node;
}

void SieveShard::unlink(Node* node) {
  if (hand_ == node) hand_ = node->newer;
  if (sweep_ == node) sweep_from(node->newer);
  (node->newer != nullptr ? node->newer->older : newest_) = node->older;
  (node->older != nullptr ? node->older->newer : oldest_) = node->newer;
}

void SieveShard::remove(Node* node) {
  drop_form(node);
  nodes_.erase(node);
  unlink(node);
  bytes_ -= node->bytes;
  room_.give_back(node->bytes);
  room_.remove_entry();
  delete node;
}

}  // namespace wx::cache
