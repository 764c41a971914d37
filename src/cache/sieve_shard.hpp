// One shard of the memory tier: a map from key to copy, bounded in bytes, with SIEVE eviction.
//
// SIEVE (Zhang, Yang, Yue, Vigfusson, Rashmi: "SIEVE is Simpler than LRU", NSDI '24): a queue in order of insertion, a
// "visited" bit per entry, and a hand that moves from the oldest entry to the newest. A hit only sets the bit. To
// evict, the hand clears set bits until it reaches an entry whose bit is clear. That entry is evicted, and the hand
// keeps its position. So popular entries are never moved, and entries that are never hit are evicted early. This
// implementation differs in two points: the hand treats an expired entry as unvisited, and after a purge of everything,
// the purged entries go before all others.
//
// Thread-safety: none. The memory tier holds a mutex around each shard.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <boost/unordered/unordered_flat_set.hpp>

#include "cache/doubt.hpp"
#include "cache/entry.hpp"
#include "cache/fleet_listener.hpp"

namespace wx::cache {

// Why a copy is doubtful.
enum class Doubts : std::uint8_t {
  none,
  superseded,  // another process has announced a later value (doubt.hpp)
  gap,         // the channel was interrupted since the copy was inserted, so a purge may have been missed
};

struct ShardHit {
  Copy copy;
  // The caller must start a refresh: the copy is late in fresh_for or older, or doubtful. One hit has this per
  // refresh_pause, or while the copy is only superseded, when a look is due; see also allow_refresh_from().
  bool start_refresh = false;
  Doubts doubts = Doubts::none;
};

// The limits beyond which a copy counts as purged or doubtful.
struct Validity {
  std::uint64_t epoch = 0;                      // copies of another epoch count as purged
  SteadyTime purged_until = SteadyTime::min();  // copies inserted until then count as purged
  SteadyTime trusted_from = SteadyTime::min();  // copies inserted earlier are doubtful
};

// A key, hash64() of it, and the question (see Lookup), which is usually empty.
struct AskedKey {
  std::string_view key;
  std::uint64_t hash = 0;
  std::string_view question = {};
};

class SieveShard {
 public:
  // `limit` is in bytes and includes keys, values and overhead.
  explicit SieveShard(std::size_t limit);
  ~SieveShard();
  SieveShard(const SieveShard&) = delete;
  SieveShard& operator=(const SieveShard&) = delete;

  // Returns the copy of the key, or nothing if there is none of this question. Removes a copy that has expired or was
  // purged. `early_part`: see early_refresh_age(). After a hit with start_refresh, no other hit has it for
  // `refresh_pause`.
  [[nodiscard]] std::optional<ShardHit> find(const AskedKey& asked, SteadyTime now, double early_part,
                                             nanoseconds refresh_pause, const Validity& validity = {});

  // The same for a caller that starts no refresh: it leaves that to the hits of find().
  [[nodiscard]] std::optional<Copy> look(const AskedKey& asked, SteadyTime now, const Validity& validity);

  // Inserts the copy, replacing the key's previous one. Returns false if the copy is too large (more than an eighth of
  // the limit); the previous copy is removed in that case too. Adds the number of evicted entries to `evicted`.
  bool insert(std::string_view key, std::uint64_t hash, Copy copy, SteadyTime now, std::size_t& evicted);

  // No hit starts a refresh before `from`, and the first late or doubtful one from then on does. This ends a
  // refresh_pause, or makes it longer.
  void allow_refresh_from(std::string_view key, std::uint64_t hash, SteadyTime from);

  // Call it when another process has announced that it has stored this key. An older copy with the same entity tag,
  // fresh_for and epoch gets the new stored_at, as if it were the new value. A value of another epoch changes nothing.
  // Any other older copy becomes doubtful: it may be served until it is replaced, because the new value may be out of
  // reach. Returns true if the copy was renewed or became doubtful.
  // `now` must not be later than `validity`, so that a purge that begins in between reaches a renewed copy.
  bool heard_fill(const FleetListener::Fill& fill, std::uint64_t hash, SteadyTime now, const Clock& clock,
                  const Validity& validity);

  // Counts a look that begins now for a copy that is superseded.
  void count_look(std::string_view key, std::uint64_t hash);

  // Returns true if there was a copy.
  bool erase(std::string_view key, std::uint64_t hash);
  // `held`, which Redis was asked about at `since`, was not purged: no gap before that makes it doubtful. It gets the
  // date of `dated`.
  void confirm(std::string_view key, std::uint64_t hash, const Copy& held, Copy dated, SteadyTime since);
  // Erases the copy if it was stored until then.
  bool erase_until(std::string_view key, std::uint64_t hash, const Moment& at);
  // Everything was purged: removes purged copies, but looks at no more than `most` copies now. What is left goes with
  // the next insertions: a few with each, and before any other copy.
  void drop_purged(const Validity& validity, std::size_t most);

  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  [[nodiscard]] std::size_t size() const { return nodes_.size(); }

 private:
  struct Node {
    std::string key;
    std::uint64_t hash;
    Copy copy;
    SteadyTime inserted;
    SteadyTime refresh_from;  // no hit starts a refresh before this time
    std::size_t bytes;
    Doubt doubt = {};
    bool visited = false;
    Node* newer = nullptr;
    Node* older = nullptr;

    [[nodiscard]] bool is_purged(const Validity& validity) const {
      return copy.entry->epoch != validity.epoch || inserted <= validity.purged_until;
    }
    // Replaces the copy. The caller updates `bytes`.
    void take(Copy newer_copy, SteadyTime now);
  };
  struct KeyRef {
    std::string_view key;
    std::uint64_t hash;
  };
  struct Hash {
    using is_transparent = void;
    using is_avalanching = void;
    std::size_t operator()(const KeyRef& l) const { return l.hash; }
    std::size_t operator()(const Node* n) const { return n->hash; }
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(const Node* a, const Node* b) const { return a == b; }
    bool operator()(const KeyRef& a, const Node* b) const { return a.hash == b->hash && a.key == b->key; }
    bool operator()(const Node* a, const KeyRef& b) const { return (*this)(b, a); }
  };

  [[nodiscard]] Node* node_of(std::string_view key, std::uint64_t hash) const;
  // The node of a copy that may be served, marked as asked for; null if there is none.
  [[nodiscard]] Node* visit(const AskedKey& asked, SteadyTime now, const Validity& validity);
  void link_newest(Node* node);
  void unlink(Node* node);
  void remove(Node* node);
  // Looks at the next copies, oldest first, and removes the purged ones. Returns false if there are none left.
  bool sweep(std::size_t most);
  // Evicts one entry, but not `keep` (may be null). There must be another entry.
  void evict_one(SteadyTime now, const Node* keep);
  [[nodiscard]] static std::size_t cost(std::string_view key, const Entry& entry);

  const std::size_t limit_;
  std::size_t bytes_ = 0;
  boost::unordered_flat_set<Node*, Hash, Equal> nodes_;  // owns the nodes
  Node* newest_ = nullptr;
  Node* oldest_ = nullptr;
  Node* hand_ = nullptr;
  Node* sweep_ = nullptr;  // the next copy to look at after a purge of everything; null: there are no purged ones
  Validity purged_;        // by the last purge of everything
};

}  // namespace wx::cache
