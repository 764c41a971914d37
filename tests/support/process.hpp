// A program run as a child process: its output and how it ends.
#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <sys/types.h>

namespace wx::test {

using std::chrono::milliseconds;

// The child lives no longer than this object, nor than the thread that made it (PR_SET_PDEATHSIG), so it does not
// outlive a crashed test. Its environment contains only PATH, HOME, TMPDIR and the sanitizers' options from ours, and
// `environment`.
// Thread-safety: all members but the constructor and destructor may be called from any thread.
class Process {
 public:
  using Environment = std::map<std::string, std::string>;

  // Throws std::runtime_error if the program cannot be started.
  explicit Process(const std::string& program, const std::vector<std::string>& arguments = {},
                   const Environment& environment = {});
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process();  // kills the child if it still runs

  [[nodiscard]] pid_t pid() const { return pid_; }
  // Does nothing once the child has ended.
  void signal(int number);
  void kill();  // SIGKILL, and waits for the end

  // The exit code (128 + the signal if one ended it). Empty if the child still runs after `timeout`.
  [[nodiscard]] std::optional<int> wait(milliseconds timeout);
  [[nodiscard]] bool running();

  // The output so far.
  [[nodiscard]] std::string standard_output();
  [[nodiscard]] std::string standard_error();
  [[nodiscard]] std::string output();  // both, standard error last

  // Waits until one of the two streams contains `text`. Returns false if the child ends or `timeout` passes first.
  [[nodiscard]] bool wait_for_output(std::string_view text, milliseconds timeout);
  // The first complete line that contains `text`, without its line end. Empty in the cases above.
  [[nodiscard]] std::optional<std::string> wait_for_line(std::string_view text, milliseconds timeout);

 private:
  void collect(int out, int err);

  pid_t pid_ = -1;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string out_;  // guarded by mutex_, as are the next two
  std::string err_;
  std::optional<int> exit_;  // set once the child is reaped
  std::thread collector_;
};

}  // namespace wx::test
