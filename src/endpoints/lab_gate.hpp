// One run of the laboratory at a time in the whole process.
//
// Thread-safety: any thread.
#pragma once

#include <atomic>
#include <optional>
#include <utility>

namespace wx::endpoints {

class LabGate {
 public:
  // The right to run; given back when it is released or goes.
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

  // Nothing while somebody else has it.
  [[nodiscard]] std::optional<Pass> enter() {
    if (taken_.exchange(true)) return std::nullopt;
    return Pass(taken_);
  }

 private:
  std::atomic<bool> taken_ = false;
};

}  // namespace wx::endpoints
