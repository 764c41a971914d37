#include "support/redis_server.hpp"

#include <charconv>
#include <csignal>
#include <stdexcept>
#include <thread>

#include "base/text.hpp"
#include "support/free_port.hpp"
#include "support/socket.hpp"

namespace wx::test {
namespace {

constexpr milliseconds kPatience{2000};
constexpr std::string_view kTester = "wx-tester";

std::string encode(const std::vector<std::string>& words) {
  std::string out = cat("*", words.size(), "\r\n");
  for (const auto& word : words) append(out, cat("$", word.size(), "\r\n", word, "\r\n"));
  return out;
}

// Reads RESP2 replies from a socket.
class Replies {
 public:
  explicit Replies(Socket& socket) : socket_(socket) {}

  std::optional<std::string> next() {
    const std::string line = take_line();
    std::string rest = line.substr(1);
    switch (line.front()) {
      case '+':
      case ':':
        return rest;
      case '-':
        throw std::runtime_error(cat("redis: ", rest));
      case '$': {
        const long size = std::stol(rest);
        if (size < 0) return std::nullopt;
        const std::string body = take(static_cast<std::size_t>(size) + 2);
        return body.substr(0, body.size() - 2);
      }
      case '*': {
        std::string all;
        for (long left = std::stol(rest); left > 0; --left) {
          append(all, next().value_or("(nil)"));
          if (left > 1) append(all, '\n');
        }
        return all;
      }
      default:
        throw std::runtime_error(cat("invalid Redis reply: ", line));
    }
  }

 private:
  std::string take(std::size_t size) {
    while (buffer_.size() < size) fill();
    std::string out = buffer_.substr(0, size);
    buffer_.erase(0, size);
    return out;
  }
  std::string take_line() {
    std::size_t end = 0;
    while ((end = buffer_.find("\r\n")) == std::string::npos) fill();
    const std::string line = take(end + 2);
    if (end == 0) throw std::runtime_error("an empty Redis reply");
    return line.substr(0, end);
  }
  void fill() {
    const std::string more = socket_.read_some(kPatience);
    if (more.empty()) throw std::runtime_error("redis closed the connection");
    buffer_ += more;
  }

  Socket& socket_;
  std::string buffer_;
};

}  // namespace

RedisServer::RedisServer(RedisServerOptions options) : options_(std::move(options)) {
  for (int attempt = 0; attempt < 10; ++attempt) {
    port_ = free_port();
    if (try_start()) return;  // else another program has taken the port
  }
  throw std::runtime_error(cat("cannot start redis-server: ", process_->output()));
}

std::string RedisServer::url() const {
  return options_.tls ? cat("rediss://localhost:", port_) : cat("redis://127.0.0.1:", port_);
}

std::string RedisServer::configuration() const {
  std::string text = cat("bind 127.0.0.1\nsave \"\"\nappendonly no\ndir ", dir_.path().string(), "\nunixsocket ",
                         socket_path(), "\nuser ", kTester, " on nopass ~* &* +@all\n");
  if (!options_.password.empty()) append(text, cat("requirepass \"", options_.password, "\"\n"));
  if (!options_.acl_user.empty()) append(text, cat("user default off\nuser ", options_.acl_user, "\n"));
  if (options_.tls) {
    append(text, cat("port 0\ntls-port ", port_, "\ntls-cert-file ", options_.tls->certificate_file, "\ntls-key-file ",
                     options_.tls->key_file, "\ntls-auth-clients no\n"));
  } else {
    append(text, cat("port ", port_, "\n"));
  }
  for (const auto& line : options_.configuration) append(text, cat(line, "\n"));
  return text;
}

bool RedisServer::try_start() {
  const std::string file = dir_.write("redis.conf", configuration());
  Process::Environment environment;
  if (options_.clock != nullptr) environment = {options_.clock->setting(), {"LD_PRELOAD", WX_MOVED_TIME}};
  process_ = std::make_unique<Process>("redis-server", std::vector{file}, environment);
  return process_->wait_for_output("to accept connections", milliseconds(10000)) && command({"PING"}) == "PONG";
}

std::optional<std::string> RedisServer::command(const std::vector<std::string>& words) const {
  Socket socket = Socket::connect_unix(socket_path(), kPatience);
  Replies replies(socket);
  socket.write(encode({"AUTH", std::string(kTester), "any"}), kPatience);
  (void)replies.next();
  socket.write(encode(words), kPatience);
  return replies.next();
}

void RedisServer::kill() {
  process_->kill();
}

void RedisServer::start() {
  if (!try_start()) throw std::runtime_error(cat("cannot restart redis-server: ", process_->output()));
}

void RedisServer::freeze() {
  process_->signal(SIGSTOP);
}

void RedisServer::thaw() {
  process_->signal(SIGCONT);
}

}  // namespace wx::test
