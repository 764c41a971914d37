// What signals do: the end that nothing can hold up, secrets that are read again, and signals that mean nothing.
#include <csignal>
#include <filesystem>
#include <fstream>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.hpp"
#include "flow/service.hpp"
#include "flow/weather.hpp"
#include "support/fake_provider.hpp"
#include "support/free_port.hpp"
#include "support/redis_server.hpp"
#include "support/temp_dir.hpp"
#include "support/waiting.hpp"

namespace wx::test {
namespace {

// With the thread sanitizer, a handler runs only when its thread comes out of the C library. A thread that waits for
// the lock of a stream, which another thread holds while it writes to a full pipe, does not come out, so there the end
// that nothing can hold up does not exist. (A program of twenty lines shows it, and ends without the sanitizer.)
#if defined(__SANITIZE_THREAD__)
constexpr bool kHandlersWait = true;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
constexpr bool kHandlersWait = true;
#else
constexpr bool kHandlersWait = false;
#endif
#else
constexpr bool kHandlersWait = false;
#endif

constexpr milliseconds kSoon{10000 * kSlowdown};
constexpr std::string_view kOld = "the-old-t0ken";
constexpr std::string_view kNew = "the-new-t0ken";

// A service whose log is a pipe that is full from the start and that nobody reads.
class Stuck {
 public:
  explicit Stuck(Settings settings = {}) : port_(free_port()) {
    const auto path = dir_.file("log");
    if (::mkfifo(path.c_str(), 0600) != 0) throw std::runtime_error("mkfifo");
    pipe_ = ::open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
    while (::write(pipe_, path.data(), 1) == 1) {
    }
    settings["PORT"] = cat(port_);
    settings["ADDRESS"] = "127.0.0.1";
    process_ = run_with_log(path, settings);
    const auto listens = [&] {
      try {
        return http_get(port_, "/health/live").status == 200;
      } catch (const SocketError&) {
        return false;
      }
    };
    EXPECT_TRUE(eventually(listens, kSoon));
  }
  Stuck(const Stuck&) = delete;
  Stuck& operator=(const Stuck&) = delete;
  ~Stuck() { ::close(pipe_); }

  [[nodiscard]] Process& process() { return *process_; }
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  TempDir dir_;
  std::uint16_t port_;
  int pipe_ = -1;
  std::unique_ptr<Process> process_;
};

TEST(Signals, AFullLogDelaysTheEndByASecondAtMost) {
  if (kHandlersWait) GTEST_SKIP() << "the thread sanitizer holds signals back";
  Stuck stuck;
  stuck.process().signal(SIGTERM);
  EXPECT_EQ(stuck.process().wait(milliseconds(3000 * kSlowdown)), 0);
}

TEST(Signals, TheSecondOneEndsAtOnceInTheMiddleOfTheDrainWithAFullLog) {
  if (kHandlersWait) GTEST_SKIP() << "the thread sanitizer holds signals back";
  FakeProvider provider;
  provider.always(never());
  Stuck stuck({{"OPEN_METEO_URL", provider.url()},
               {"UPSTREAM_TIMEOUT", "60s"},
               {"REQUEST_TIMEOUT", "60s"},
               {"DRAIN_TIMEOUT", "60s"}});
  HttpClient client(stuck.port());
  client.send("GET", kReal);
  ASSERT_TRUE(provider.wait_for_running(1));
  stuck.process().signal(SIGTERM);
  EXPECT_EQ(stuck.process().wait(milliseconds(300)), std::nullopt) << "the first one drains";
  stuck.process().signal(SIGINT);
  EXPECT_EQ(stuck.process().wait(milliseconds(3000 * kSlowdown)), 130);
}

TEST(Signals, TheSecondOneEndsAtOnceDuringTheDrainDelay) {
  Service service({{"DRAIN_DELAY", "1h"}});
  service.process().signal(SIGTERM);
  ASSERT_TRUE(service.process().wait_for_output("draining", kSoon));
  service.process().signal(SIGTERM);
  EXPECT_EQ(service.process().wait(kSoon), 130);
  service.kill();
}

TEST(Signals, ThatMeanNothingEndNothing) {
  const Service service;
  for (const int number : {SIGUSR1, SIGUSR2, SIGALRM, SIGPIPE}) service.process().signal(number);
  for (const auto* name : {"SIGUSR1", "SIGUSR2", "SIGALRM"}) {
    EXPECT_TRUE(service.process().wait_for_output(name, kSoon)) << name;
  }
  service.process().signal(SIGHUP);
  EXPECT_TRUE(service.process().wait_for_output("no secret comes from a file", kSoon));
  EXPECT_EQ(service.get("/health/live").status, 200);
}

int purge(const Service& service, std::string_view token) {
  return HttpClient(service.port()).request("DELETE", "/cache", {{"Authorization", cat("Bearer ", token)}}).status;
}

TEST(Reload, UsesTheNewAdminTokenAndKeepsItIfTheFileIsEmptyOrGone) {
  const TempDir dir;
  const auto file = dir.write("token", cat(kOld, "\n"));
  const Service service({{"ADMIN_TOKEN_FILE", file}});
  HttpClient open(service.port());
  EXPECT_EQ(open.get("/health/live").status, 200);
  EXPECT_EQ(purge(service, kOld), 204);
  (void)dir.write("token", cat(kNew, "\n"));
  EXPECT_EQ(purge(service, kNew), 401) << "not before SIGHUP";
  service.process().signal(SIGHUP);
  EXPECT_TRUE(eventually([&] { return purge(service, kNew) == 204; }, kSoon));
  EXPECT_EQ(purge(service, kOld), 401);

  (void)dir.write("token", "");
  service.process().signal(SIGHUP);
  ASSERT_TRUE(service.process().wait_for_output("ADMIN_TOKEN_FILE: the file is empty", kSoon));
  EXPECT_EQ(::unlink(file.c_str()), 0);
  service.process().signal(SIGHUP);
  ASSERT_TRUE(service.process().wait_for_output("ADMIN_TOKEN_FILE: cannot read the file", kSoon));
  EXPECT_EQ(purge(service, kNew), 204);
  EXPECT_EQ(open.get("/health/live").status, 200) << "no connection is closed";
  EXPECT_FALSE(service.log().contains(kOld));
  EXPECT_FALSE(service.log().contains(kNew));
}

TEST(Reload, KeepsTheTokenIfItsFileIsEndlessOrWouldBlock) {
  const TempDir dir;
  const auto file = dir.write("token", kOld);
  const Service service({{"ADMIN_TOKEN_FILE", file}});
  std::filesystem::resize_file(file, 1ULL << 40);  // sparse: a tebibyte, more than any memory
  service.process().signal(SIGHUP);
  ASSERT_TRUE(service.process().wait_for_output("ADMIN_TOKEN_FILE: the file is larger than 64KiB", kSoon));
  EXPECT_EQ(purge(service, kOld), 204);
  for (const char* in_its_place : {"FIFO", "/dev/zero"}) {
    SCOPED_TRACE(in_its_place);
    ASSERT_EQ(::unlink(file.c_str()), 0);
    if (in_its_place[0] == '/') {
      ASSERT_EQ(::symlink(in_its_place, file.c_str()), 0);
    } else {
      ASSERT_EQ(::mkfifo(file.c_str(), 0600), 0);
    }
    const auto before = service.process().output().size();
    service.process().signal(SIGHUP);
    const auto said = [&] { return service.process().output().substr(before).contains("a secret stays as it was"); };
    EXPECT_TRUE(eventually(said, kSoon));
    EXPECT_EQ(purge(service, kOld), 204);
  }
  service.process().signal(SIGTERM);
  EXPECT_EQ(service.process().wait(kSoon), 0) << "no read of a secret is under way";
}

TEST(Reload, SendsTheNewKeyToTheProvider) {
  const TempDir dir;
  const auto file = dir.write("key", kOld);
  FakeProvider provider;
  provider.script([](const ProviderRequest& request) {
    ProviderReply reply = weather_reply(request);
    if (request.header("X-Api-Key") != kNew) reply = refusal(401, "The supplied API key is invalid");
    return reply;
  });
  const Service service({{"OPEN_METEO_URL", provider.url()}, {"OPEN_METEO_API_KEY_FILE", file}});
  EXPECT_EQ(service.get("/weather?lat=1&lon=1").status, 502);
  (void)dir.write("key", kNew);
  service.process().signal(SIGHUP);
  ASSERT_TRUE(service.process().wait_for_output("a secret was read again", kSoon));
  const auto good = [](const Answer& answer) { return answer.status == 200; };
  EXPECT_EQ(get_until(service, "/weather?lat=2&lon=2", kSoon, good).status, 200);
}

// As operators rotate a password: the server takes the new one, the file gets it, SIGHUP.
TEST(Reload, UsesTheNewPasswordOfRedisOnPresentAndOnNewConnections) {
  const RedisServer redis({.password = std::string(kOld)});
  const auto url = [&](std::string_view password) { return cat("redis://:", password, "@127.0.0.1:", redis.port()); };
  const TempDir dir;
  const auto file = dir.write("url", url(kOld));
  const Service service({{"REDIS_URL_FILE", file}, {"REDIS_TIMEOUT", "5s"}, {"MOCK_DELAY", "1ms"}});
  const auto all_connected = [&] {
    return service.get("/stats").body.contains(R"("state":"up","breaker":"closed","backplane":"listening")");
  };
  ASSERT_TRUE(eventually(all_connected, kSoon)) << "a later connection would have the wrong password";

  (void)dir.write("url", url(kNew));
  service.process().signal(SIGHUP);
  ASSERT_TRUE(service.process().wait_for_output("the server refused the new user and password", kSoon))
      << "the file was changed too early";
  redis.command({"CONFIG", "SET", "requirepass", std::string(kNew)});
  service.process().signal(SIGHUP);
  ASSERT_TRUE(service.process().wait_for_output("the server accepted the new user and password", kSoon));
  EXPECT_FALSE(service.log().contains("cannot be used")) << "no connection was lost: " << service.log();

  redis.command({"CLIENT", "KILL", "TYPE", "normal"});
  const auto from_redis = [&] {
    return service.get("/stats").body.contains("\"state\":\"up\"") &&
           service.get("/weather?lat=1&lon=1&mock=true&cache=redis").header("X-Cache") == "HIT";
  };
  EXPECT_TRUE(eventually(from_redis, kSoon)) << service.log();
  EXPECT_FALSE(service.log().contains("WRONGPASS")) << service.log();
}

TEST(Reload, SaysThatAnotherServerNeedsARestart) {
  const TempDir dir;
  const auto file = dir.write("url", "redis://:a@127.0.0.1:1");
  const Service service({{"REDIS_URL_FILE", file}});
  (void)dir.write("url", "redis://:a@127.0.0.1:2");
  service.process().signal(SIGHUP);
  EXPECT_TRUE(service.process().wait_for_output("which needs a restart", kSoon)) << service.log();
}

// Only root may read /proc/<pid>/environ and memory of a process that is not dumpable; a core dump would hold secrets.
TEST(Secrets, AreNotInACoreDump) {
  const Service service;
  std::ifstream limits(cat("/proc/", service.process().pid(), "/limits"));
  std::string core;
  for (std::string line; std::getline(limits, line);) {
    if (line.starts_with("Max core file size")) core = line;
  }
  EXPECT_NE(core.find(" 0 "), std::string::npos) << core;
  struct stat status{};
  ASSERT_EQ(::stat(cat("/proc/", service.process().pid(), "/environ").c_str(), &status), 0);
  EXPECT_EQ(status.st_uid, 0U) << "a dumpable process's files belong to its user";
}

}  // namespace
}  // namespace wx::test
