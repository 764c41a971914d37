#include "endpoints/lab_gate.hpp"

#include <algorithm>

namespace wx::endpoints {

// Afterwards a place that has a visitor waits for its turn.
void LabGate::end_gone() {
  for (auto& place : line_) {
    const auto visitor = place.visitor.lock();
    if (!visitor || !visitor->gone()) continue;
    place.visitor.reset();
    visitor->end();
  }
}

LabGate::Entry LabGate::enter(std::uint64_t client, const std::shared_ptr<Visitor>& visitor, SteadyTime now) {
  const Lock lock(mutex_);
  end_gone();
  std::erase_if(line_, [&](const Place& place) { return now - place.seen >= kPlaceKept && place.visitor.expired(); });
  const auto own = std::ranges::find(line_, client, &Place::client);
  if (!running_) {  // so nobody in line waits
    if (own != line_.end()) line_.erase(own);
    running_ = client;
    return {.pass = Pass(*this)};
  }
  if (closed()) return {};
  if (own != line_.end()) {
    if (!own->visitor.expired()) return {};
    own->visitor = visitor;
    own->seen = now;
    return {.waits = true};
  }
  if (*running_ == client || line_.size() >= kLongestLine) return {};
  line_.push_back({.client = client, .visitor = visitor, .seen = now});
  return {.waits = true};
}

void LabGate::close() {
  const Lock lock(mutex_);
  closed_ = true;
  for (const auto& place : line_) {
    if (const auto visitor = place.visitor.lock()) visitor->end();
  }
  line_.clear();
}

bool LabGate::withdraw(const Visitor& visitor, SteadyTime now) {
  const Lock lock(mutex_);
  const auto own = std::ranges::find_if(line_, [&](const Place& p) { return p.visitor.lock().get() == &visitor; });
  if (own == line_.end()) return false;
  own->visitor.reset();
  own->seen = now;
  return true;
}

void LabGate::leave() {
  std::shared_ptr<Visitor> next;
  {
    const Lock lock(mutex_);
    running_.reset();
    end_gone();
    const auto first = std::ranges::find_if(line_, [&](const Place& place) {
      next = place.visitor.lock();
      return next != nullptr;
    });
    if (first != line_.end()) {
      running_ = first->client;
      line_.erase(first);
    }
  }
  if (next) next->begin(Pass(*this));
}

}  // namespace wx::endpoints
