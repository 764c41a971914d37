#include "support/process.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <stdexcept>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.hpp"

namespace wx::test {
namespace {

std::vector<std::string> environment_of(const Process::Environment& own) {
  std::vector<std::string> all;
  for (const char* name : {"PATH", "HOME", "TMPDIR", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LSAN_OPTIONS"}) {
    const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): no thread changes the environment
    if (value != nullptr && !own.contains(name)) all.push_back(cat(name, "=", value));
  }
  for (const auto& [name, value] : own) all.push_back(cat(name, "=", value));
  return all;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  out.reserve(texts.size() + 1);
  for (auto& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

// Between fork and exec, a child of a threaded process may only call what is safe in a signal handler: no allocation,
// no locks.
[[noreturn]] void become(const char* program, char* const* argv, char* const* envp, int in, int out, int err,
                         pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);  // the parent died before the line above
  sigset_t none;
  ::sigemptyset(&none);
  ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
  ::dup2(in, STDIN_FILENO);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(err, STDERR_FILENO);
  // Not all files are opened with O_CLOEXEC (Asio's are not). A listening socket that a child inherits keeps its port
  // in use.
  if (::close_range(STDERR_FILENO + 1, ~0U, 0) != 0) {
    for (int other = STDERR_FILENO + 1; other < 65536; ++other) ::close(other);
  }
  ::execvpe(program, argv, envp);
  ::_exit(127);
}

std::optional<std::string> line_with(std::string_view text, const std::string& printed) {
  const std::size_t at = printed.find(text);
  const std::size_t end = at == std::string::npos ? at : printed.find('\n', at);
  if (end == std::string::npos) return std::nullopt;
  const std::size_t before = at == 0 ? std::string::npos : printed.rfind('\n', at - 1);
  const std::size_t begin = before == std::string::npos ? 0 : before + 1;
  return printed.substr(begin, end - begin);
}

}  // namespace

Process::Process(const std::string& program, const std::vector<std::string>& arguments,
                 const Environment& environment) {
  std::vector<std::string> words{program};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<std::string> settings = environment_of(environment);
  const auto argv = pointers(words);
  const auto envp = pointers(settings);

  std::array<int, 2> out{};
  std::array<int, 2> err{};
  const int in = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (in < 0 || ::pipe2(out.data(), O_CLOEXEC) != 0 || ::pipe2(err.data(), O_CLOEXEC) != 0) {
    throw std::runtime_error("cannot make a pipe for a child");
  }
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ == 0) become(program.c_str(), argv.data(), envp.data(), in, out[1], err[1], parent);
  ::close(in);
  ::close(out[1]);
  ::close(err[1]);
  if (pid_ < 0) {
    ::close(out[0]);
    ::close(err[0]);
    throw std::runtime_error("cannot start " + program);
  }
  collector_ = std::thread([this, out, err] { collect(out[0], err[0]); });
}

Process::~Process() {
  kill();
  collector_.join();
}

void Process::collect(int out, int err) {
  std::array<pollfd, 2> polls{pollfd{out, POLLIN, 0}, pollfd{err, POLLIN, 0}};
  const std::array<std::string*, 2> texts{&out_, &err_};
  std::array<char, 8192> buffer;
  while (polls[0].fd >= 0 || polls[1].fd >= 0) {
    if (::poll(polls.data(), polls.size(), -1) < 0) continue;
    for (std::size_t i = 0; i < polls.size(); ++i) {
      if (polls[i].fd < 0 || polls[i].revents == 0) continue;
      const ssize_t got = ::read(polls[i].fd, buffer.data(), buffer.size());
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) {
        ::close(polls[i].fd);
        polls[i].fd = -1;
        continue;
      }
      const std::lock_guard lock(mutex_);
      texts[i]->append(buffer.data(), static_cast<std::size_t>(got));
      changed_.notify_all();
    }
  }
  // Waits without reaping first: until signal() can see that the child has ended, its pid must not be reused.
  siginfo_t info{};
  while (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
  }
  const std::lock_guard lock(mutex_);
  int status = 0;
  ::waitpid(pid_, &status, 0);
  exit_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  changed_.notify_all();
}

void Process::signal(int number) {
  const std::lock_guard lock(mutex_);
  if (!exit_) ::kill(pid_, number);
}

void Process::kill() {
  signal(SIGKILL);
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return exit_.has_value(); });
}

std::optional<int> Process::wait(milliseconds timeout) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, timeout, [this] { return exit_.has_value(); });
  return exit_;
}

bool Process::running() {
  const std::lock_guard lock(mutex_);
  return !exit_;
}

std::string Process::standard_output() {
  const std::lock_guard lock(mutex_);
  return out_;
}

std::string Process::standard_error() {
  const std::lock_guard lock(mutex_);
  return err_;
}

std::string Process::output() {
  const std::lock_guard lock(mutex_);
  return out_ + err_;
}

bool Process::wait_for_output(std::string_view text, milliseconds timeout) {
  std::unique_lock lock(mutex_);
  const auto there = [&] { return out_.find(text) != std::string::npos || err_.find(text) != std::string::npos; };
  changed_.wait_for(lock, timeout, [&] { return exit_ || there(); });
  return there();
}

std::optional<std::string> Process::wait_for_line(std::string_view text, milliseconds timeout) {
  std::unique_lock lock(mutex_);
  std::optional<std::string> line;
  changed_.wait_for(lock, timeout, [&] {
    line = line_with(text, out_);
    if (!line) line = line_with(text, err_);
    return exit_ || line;
  });
  return line;
}

}  // namespace wx::test
