// Allows one run of the laboratory at a time in the whole process. Other clients wait in line, one request each, and
// come in the order in which they came. A client that has gone away, or has waited for too long, keeps its place in
// line for kPlaceKept. Those behind it do not wait for it meanwhile; once it is back, the next run is its own. The
// request of a client that has gone does not wait on: at most one request of each place in line is held.
//
// Thread-safety: all functions from any thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/mutex.hpp"

namespace wx::endpoints {

class LabGate {
 public:
  // Long enough for a person who reads the refusal and presses the button again.
  static constexpr nanoseconds kPlaceKept = std::chrono::seconds(30);
  static constexpr std::size_t kLongestLine = 100;

  // The permission to run. It is returned by release() or by the destructor; the next in line then has its turn.
  class Pass {
   public:
    explicit Pass(LabGate& gate) : gate_(&gate) {}
    Pass(Pass&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}
    Pass& operator=(Pass&&) = delete;
    ~Pass() { release(); }

    void release() {
      if (auto* gate = std::exchange(gate_, nullptr)) gate->leave();
    }

   private:
    LabGate* gate_;
  };

  // A request that may wait. The gate calls it on any thread, with the gate's lock held or not, and not necessarily
  // before it expires. So it posts its work to its own thread.
  class Visitor {
   public:
    Visitor() = default;
    Visitor(const Visitor&) = delete;
    Visitor& operator=(const Visitor&) = delete;
    virtual ~Visitor() = default;

    // Its turn has come.
    virtual void begin(Pass pass) = 0;
    // It will have no turn, because its client has gone or the gate is closed.
    virtual void end() = 0;
    // Whether its client has gone away, or has ended its own side of the connection: the two look the same.
    [[nodiscard]] virtual bool gone() const = 0;
  };

  struct Entry {
    std::optional<Pass> pass = std::nullopt;  // the run may begin at once
    bool waits = false;                       // begin() follows at the visitor's turn, or end()
  };
  // Neither a pass nor a wait: the client runs or waits already, or the line is full. `client`: see client_key().
  [[nodiscard]] Entry enter(std::uint64_t client, const std::shared_ptr<Visitor>& visitor, SteadyTime now);

  // Ends the wait of all visitors. From now on nobody waits; whoever finds the laboratory free still runs.
  void close();
  [[nodiscard]] bool closed() const { return closed_.load(std::memory_order_relaxed); }

  // The visitor waits no longer. Its client keeps its place from now on. Returns false if begin() or end() has been
  // called for it, or is about to be.
  [[nodiscard]] bool withdraw(const Visitor& visitor, SteadyTime now);

 private:
  struct Place {
    std::uint64_t client;
    std::weak_ptr<Visitor> visitor;
    SteadyTime seen;
  };

  void leave();
  void end_gone() WX_REQUIRES(mutex_);

  Mutex mutex_;
  std::atomic<bool> closed_ = false;
  std::optional<std::uint64_t> running_ WX_GUARDED_BY(mutex_);  // the client that has the pass
  std::vector<Place> line_ WX_GUARDED_BY(mutex_);
};

}  // namespace wx::endpoints
