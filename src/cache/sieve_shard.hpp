// One shard of the memory tier: a map from key to copy, with SIEVE eviction. Its bytes are part of the tier's room
// (memory_room.hpp), which limits all shards together.
//
// SIEVE (Zhang, Yang, Yue, Vigfusson, Rashmi: "SIEVE is Simpler than LRU", NSDI '24): a queue in order of insertion, a
// "visited" bit per entry, and a hand that moves from the oldest entry to the newest. A hit only sets the bit. To
// evict, the hand clears set bits until it reaches an entry whose bit is clear. That entry is evicted, and the hand
// keeps its position. So popular entries are never moved, and entries that are never hit are evicted early. This
// implementation differs in two points: the hand treats an expired entry as unvisited, and other things go before any
// entry is evicted (Stage).
//
// Beside a gzip body, a node may hold the same body without gzip, for clients that do not accept it: the identity form.
// It can be made again at any time, so it goes before any entry.
//
// Thread-safety: none. The memory tier holds a mutex around each shard.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/unordered/unordered_flat_set.hpp>

#include "cache/doubt.hpp"
#include "cache/entry.hpp"
#include "cache/fleet_listener.hpp"
#include "cache/memory_room.hpp"

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

// What makes room for an insertion, in this order. Nothing of a later stage goes while any shard has some of an earlier
// one.
enum class Stage : std::uint8_t {
  purged,   // copies that a purge of everything has left behind
  forms,    // identity forms, the oldest first
  crowded,  // entries of a shard that has its share of all entries
  any,      // entries of any shard
};

enum class Insertion : std::uint8_t {
  kept,
  no_room,    // this shard has made what room it should: other shards must make some, then try again
  too_large,  // it is larger than any entry may be
};

class SieveShard {
 public:
  // The room must outlive the shard.
  explicit SieveShard(MemoryRoom& room);
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

  // Inserts the copy, replacing the key's previous one, which is removed too if the copy is too large. Adds the number
  // of evicted entries to `evicted`.
  [[nodiscard]] Insertion insert(std::string_view key, std::uint64_t hash, const Copy& copy, SteadyTime now,
                                 std::size_t& evicted);
  // Makes room for an insertion into another shard: `bytes` or less, by what belongs to this stage. Removes only a few
  // things at a time. Returns the number of bytes.
  std::size_t free(Stage stage, std::size_t bytes, SteadyTime now, std::size_t& evicted);
  // The bytes that an entry counts for.
  [[nodiscard]] static std::size_t cost(std::string_view key, const Entry& entry);

  // The identity form of this entry's body, if there is one. The key's entry may have been renewed since: its body is
  // the same then.
  [[nodiscard]] std::optional<Body> identity_of(std::string_view key, std::uint64_t hash, const Entry& entry) const;
  // Keeps the form, if this entry is still the key's and there is room, or other forms that can go for it. A form that
  // is larger than any entry may be is not kept.
  void keep_identity(std::string_view key, std::uint64_t hash, const Entry& entry, Body identity);

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
  // the next insertions: a few with each, and before anything else.
  void drop_purged(const Validity& validity, std::size_t most);

  // Of this shard.
  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  [[nodiscard]] std::size_t size() const { return nodes_.size(); }

 private:
  struct Node;
  struct Form {
    Body body;
    std::list<Node*>::iterator place;  // in forms_
    std::size_t bytes;
  };
  struct Node {
    std::string key;
    std::uint64_t hash;
    Copy copy;
    SteadyTime inserted;
    SteadyTime refresh_from;  // no hit starts a refresh before this time
    std::size_t bytes;        // without the form
    std::unique_ptr<Form> form = nullptr;
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
  void drop_form(Node* node);
  // Looks at the next copies, oldest first, and removes the purged ones, but not `keep` (may be null).
  void sweep(std::size_t most, const Node* keep = nullptr);
  void sweep_from(Node* node);
  // Takes so much room, for which it removes a few things, but not `keep`. Returns false if that is not enough.
  bool make_room(std::size_t bytes, SteadyTime now, const Node* keep, std::size_t& evicted);
  // Removes one thing of this stage. Returns false if there is none, beside `keep`. (Of the first stage, it looks at
  // some copies and may find none that was purged.)
  bool free_one(Stage stage, SteadyTime now, const Node* keep, std::size_t& evicted);
  // Evicts one entry, but not `keep` (may be null). There must be another entry.
  void evict_one(SteadyTime now, const Node* keep);

  // How many copies an insertion, or a step for the room of one, looks at for purged ones.
  static constexpr std::size_t kSweep = 8;

  MemoryRoom& room_;
  std::size_t bytes_ = 0;
  boost::unordered_flat_set<Node*, Hash, Equal> nodes_;  // owns the nodes
  Node* newest_ = nullptr;
  Node* oldest_ = nullptr;
  Node* hand_ = nullptr;
  Node* sweep_ = nullptr;   // the next copy to look at after a purge of everything; null: there are no purged ones
  Validity purged_;         // by the last purge of everything
  std::list<Node*> forms_;  // the nodes with an identity form; the oldest form first
};

}  // namespace wx::cache
