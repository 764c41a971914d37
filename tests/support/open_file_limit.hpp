// Another limit of open files for this process, and for the programs that it starts, as long as the object lives.
#pragma once

#include <stdexcept>

#include <sys/resource.h>

namespace wx::test {

class OpenFileLimit {
 public:
  explicit OpenFileLimit(rlim_t files) : before_(current()) {
    rlimit limit = before_;
    limit.rlim_cur = files;
    set(limit);
  }
  OpenFileLimit(const OpenFileLimit&) = delete;
  OpenFileLimit& operator=(const OpenFileLimit&) = delete;
  ~OpenFileLimit() { ::setrlimit(RLIMIT_NOFILE, &before_); }

  [[nodiscard]] static rlimit current() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) throw std::runtime_error("getrlimit failed");
    return limit;
  }

 private:
  static void set(const rlimit& limit) {
    if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) throw std::runtime_error("setrlimit failed");
  }

  const rlimit before_;
};

}  // namespace wx::test
