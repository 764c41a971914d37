// Allows one run of the laboratory at a time in the whole process.
//
// Thread-safety: enter() and the release of a pass from any thread.
#pragma once

#include <atomic>
#include <optional>
#include <utility>

namespace wx::endpoints {

class LabGate {
 public:
  // The permission to run. It is returned by release() or by the destructor.
  class Pass {
   public:
    explicit Pass(std::atomic<bool>& taken) : taken_(&taken) {}
    Pass(Pass&& other) noexcept : taken_(std::exchange(other.taken_, nullptr)) {}
    Pass& operator=(Pass&&) = delete;
    ~Pass() { release(); }

    void release() {
      if (auto* taken = std::exchange(taken_, nullptr)) *taken = false;
    }

   private:
    std::atomic<bool>* taken_;
  };

  // Returns nothing while another run holds the pass.
  [[nodiscard]] std::optional<Pass> enter() {
    if (taken_.exchange(true)) return std::nullopt;
    return Pass(taken_);
  }

 private:
  std::atomic<bool> taken_ = false;
};

}  // namespace wx::endpoints
