// One shard of the memory tier: a map from key to copy, bounded by bytes, that evicts by SIEVE.
//
// SIEVE (Zhang, Yang, Yue, Vigfusson, Rashmi: "SIEVE is Simpler than LRU", NSDI '24): a queue in order of insertion, a
// "visited" bit per entry, and a hand that moves from the oldest to the newest. A hit only sets the bit. To evict, the
// hand clears bits until it meets an entry without one; that entry goes, and the hand stays where it is. New entries
// are put at the head. So popular entries are never moved, and entries that are hit once leave early. This
// implementation differs in one point: the hand treats an expired entry as unvisited.
//
// Thread-safety: none. The memory tier holds a mutex around each shard.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <boost/unordered/unordered_flat_set.hpp>

#include "cache/entry.hpp"

namespace wx::cache {

struct ShardHit {
  Copy copy;
  bool start_refresh = false;  // true for exactly one hit that is late in fresh_for, or doubtful, until rearmed
  bool doubtful = false;       // kept from before a time in which purges may have been missed
};

// The conditions for a copy to be found.
struct Validity {
  std::uint64_t epoch = 0;                      // copies of another epoch were purged
  SteadyTime trusted_from = SteadyTime::min();  // copies that were put in before are doubtful
};

class SieveShard {
 public:
  // `limit` in bytes: keys, values and bookkeeping counted.
  explicit SieveShard(std::size_t limit);
  ~SieveShard();
  SieveShard(const SieveShard&) = delete;
  SieveShard& operator=(const SieveShard&) = delete;

  // The copy of the key, or nothing; a copy that is gone is removed. `early_part`: see early_refresh_age(). After a hit
  // with start_refresh, no other hit gets it for `refresh_pause`.
  [[nodiscard]] std::optional<ShardHit> find(std::string_view key, std::uint64_t hash, SteadyTime now,
                                             double early_part, nanoseconds refresh_pause,
                                             const Validity& validity = {});

  // Keeps the copy and replaces an older one. Returns false if the copy is too large (more than an eighth of the
  // limit); the older copy is removed then, too. Adds the number of evicted entries to `evicted`.
  bool insert(std::string_view key, std::uint64_t hash, Copy copy, SteadyTime now, std::size_t& evicted);

  // Lets the next late hit start a refresh again from `at` on.
  void rearm_refresh(std::string_view key, std::uint64_t hash, SteadyTime at);

  // After another process stored this key. A copy with the same tag, whose spans do not depend on when it was stored,
  // is dated anew as if it were the new one. Any other older copy is removed. Returns whether there was a copy.
  bool heard_fill(std::string_view key, std::uint64_t hash, std::string_view etag, WallTime stored_at,
                  milliseconds fresh_for, const Clock& clock);

  bool erase(std::string_view key, std::uint64_t hash);

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
    bool visited = false;
    Node* newer = nullptr;
    Node* older = nullptr;
  };
  struct Lookup {
    std::string_view key;
    std::uint64_t hash;
  };
  struct Hash {
    using is_transparent = void;
    using is_avalanching = void;
    std::size_t operator()(const Lookup& l) const { return l.hash; }
    std::size_t operator()(const Node* n) const { return n->hash; }
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(const Node* a, const Node* b) const { return a == b; }
    bool operator()(const Lookup& a, const Node* b) const { return a.hash == b->hash && a.key == b->key; }
    bool operator()(const Node* a, const Lookup& b) const { return (*this)(b, a); }
  };

  [[nodiscard]] Node* lookup(std::string_view key, std::uint64_t hash) const;
  void link_newest(Node* node);
  void unlink(Node* node);
  void remove(Node* node);
  // Evicts any entry but `spare` (may be null); there must be one.
  void evict_one(SteadyTime now, const Node* spare);
  [[nodiscard]] static std::size_t cost(std::string_view key, const Entry& entry);

  const std::size_t limit_;
  std::size_t bytes_ = 0;
  boost::unordered_flat_set<Node*, Hash, Equal> nodes_;  // owns the nodes
  Node* newest_ = nullptr;
  Node* oldest_ = nullptr;
  Node* hand_ = nullptr;
};

}  // namespace wx::cache
