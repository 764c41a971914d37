#include "support/movable_clock.hpp"

#include <stdexcept>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/text.hpp"

namespace wx::test {

MappedOffsets::MappedOffsets(const std::string& file) {
  const int descriptor = ::open(file.c_str(), O_RDWR | O_CLOEXEC);
  void* const mapped = descriptor < 0
                           ? MAP_FAILED
                           : ::mmap(nullptr, sizeof(ClockOffsets), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  if (descriptor >= 0) ::close(descriptor);
  if (mapped == MAP_FAILED) throw std::runtime_error(cat("cannot map the clock's file ", file));
  offsets_ = static_cast<ClockOffsets*>(mapped);
}

MappedOffsets::~MappedOffsets() {
  ::munmap(offsets_, sizeof(ClockOffsets));
}

void ClockControl::advance(milliseconds span) {
  if (span < milliseconds(0)) throw std::invalid_argument("the steady clock never goes back");
  offsets_->steady_ns += nanoseconds(span).count();
  offsets_->wall_ms += span.count();
}

}  // namespace wx::test
