#include "endpoints/lab_gate.hpp"

#include <algorithm>

namespace wx::endpoints {

std::shared_ptr<LabGate::Visitor> LabGate::Place::present() const {
  auto waiting = visitor.lock();
  return waiting && !waiting->gone() ? waiting : nullptr;
}

LabGate::Entry LabGate::enter(std::uint64_t client, const std::shared_ptr<Visitor>& visitor, SteadyTime now) {
  const Lock lock(mutex_);
  std::erase_if(line_, [&](const Place& place) { return now - place.seen >= kPlaceKept && !place.present(); });
  const auto own = std::ranges::find(line_, client, &Place::client);
  if (!running_) {  // so nobody in line is present
    if (own != line_.end()) line_.erase(own);
    running_ = client;
    return {.pass = Pass(*this)};
  }
  if (own != line_.end()) {
    if (own->present()) return {};
    own->visitor = visitor;
    own->seen = now;
    return {.waits = true};
  }
  if (*running_ == client || line_.size() >= kLongestLine) return {};
  line_.push_back({.client = client, .visitor = visitor, .seen = now});
  return {.waits = true};
}

void LabGate::withdraw(const Visitor& visitor, SteadyTime now) {
  const Lock lock(mutex_);
  const auto own = std::ranges::find_if(line_, [&](const Place& p) { return p.visitor.lock().get() == &visitor; });
  if (own == line_.end()) return;
  own->visitor.reset();
  own->seen = now;
}

void LabGate::leave() {
  std::shared_ptr<Visitor> next;
  {
    const Lock lock(mutex_);
    running_.reset();
    const auto first = std::ranges::find_if(line_, [&](const Place& place) {
      next = place.present();
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
