// Puts load on 127.0.0.1 over keep-alive connections for a limited time, and prints the result as one line of JSON.
//
// With --rate it is an open loop: request number i is due at start + i / rate, whether or not earlier answers have
// arrived, and its latency counts from that moment. So a stall of the server counts for every request that was due
// during it, and not as one slow answer ("coordinated omission"). Without --rate it is a closed loop: each connection
// sends its next request once it has been answered.
//
//   load_generator --port=N [--target=/path] [--connections=50] [--seconds=1] [--rate=per second] [--pipeline=1]
//                  [--keys=one|unique|zipf] [--keyspace=100000] [--exponent=0.99] [--seed=1] [--header='Name: value']
//
// --keys=unique and zipf append lat and lon to the target: a new place per request, or one of --keyspace places.
#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "histogram.hpp"

namespace {

using wx::bench::Histogram;

struct Options {
  int port = 0;
  std::string target = "/";
  std::string header;
  std::string keys = "one";
  int connections = 50;
  int pipeline = 1;
  double seconds = 1;
  double rate = 0;
  unsigned keyspace = 100'000;
  double exponent = 0.99;
  std::uint64_t seed = 1;
};

[[noreturn]] void usage(const char* what) {
  std::fprintf(stderr, "load_generator: %s\n", what);
  std::exit(2);
}

Options parse(int argc, char** argv) {
  Options o;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument(argv[i]);
    const auto equals = argument.find('=');
    if (equals == argument.npos) usage(argv[i]);
    const auto name = argument.substr(0, equals);
    const std::string value(argument.substr(equals + 1));
    if (name == "--port")
      o.port = std::stoi(value);
    else if (name == "--target")
      o.target = value;
    else if (name == "--header")
      o.header = value;
    else if (name == "--keys")
      o.keys = value;
    else if (name == "--connections")
      o.connections = std::stoi(value);
    else if (name == "--pipeline")
      o.pipeline = std::stoi(value);
    else if (name == "--seconds")
      o.seconds = std::stod(value);
    else if (name == "--rate")
      o.rate = std::stod(value);
    else if (name == "--keyspace")
      o.keyspace = static_cast<unsigned>(std::stoul(value));
    else if (name == "--exponent")
      o.exponent = std::stod(value);
    else if (name == "--seed")
      o.seed = std::stoull(value);
    else
      usage(argv[i]);
  }
  if (o.port == 0 || o.connections < 1 || o.pipeline < 1 || o.seconds <= 0)
    usage("--port and positive numbers, please");
  return o;
}

std::uint64_t now() {
  return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
}

// The requests, one after the other.
class Requests {
 public:
  explicit Requests(const Options& o) : options_(o), random_(o.seed), next_unique_(o.seed * 10'000'000) {
    tail_ = " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(o.port) + "\r\n" +
            (o.header.empty() ? "" : o.header + "\r\n") + "\r\n";
    one_ = "GET " + o.target + tail_;
    if (o.keys != "zipf") return;
    double sum = 0;
    for (unsigned rank = 1; rank <= o.keyspace; ++rank) sum += 1.0 / std::pow(rank, o.exponent);
    double so_far = 0;
    for (unsigned rank = 1; rank <= o.keyspace; ++rank) {
      so_far += 1.0 / std::pow(rank, o.exponent) / sum;
      cumulated_.push_back(so_far);
    }
  }

  void append_next(std::string& out) {
    if (options_.keys == "one") {
      out += one_;
    } else if (options_.keys == "unique") {
      append_place(out, next_unique_++);
    } else {
      const double u = std::uniform_real_distribution<double>(0, 1)(random_);
      const auto rank = std::lower_bound(cumulated_.begin(), cumulated_.end(), u) - cumulated_.begin();
      append_place(out, static_cast<std::uint64_t>(rank));
    }
  }

 private:
  // Up to 1.7 * 10^9 places, three decimals each.
  void append_place(std::string& out, std::uint64_t number) const {
    char place[96];
    const auto lat = static_cast<int>(number % 17'000) - 8'500;
    const auto lon = static_cast<int>(number / 17'000 % 35'000) - 17'500;
    const int size =
        std::snprintf(place, sizeof place, "%clat=%.2f&lon=%.2f",
                      options_.target.find('?') == std::string::npos ? '?' : '&', lat / 100.0, lon / 100.0);
    out += "GET ";
    out += options_.target;
    out.append(place, static_cast<std::size_t>(size));
    out += tail_;
  }

  const Options& options_;
  std::mt19937_64 random_;
  std::uint64_t next_unique_;
  std::string tail_;
  std::string one_;
  std::vector<double> cumulated_;
};

struct Client {
  int fd = -1;
  std::deque<std::uint64_t> due;       // when each request that is sent or waits was due, the oldest first
  std::size_t unanswered = 0;          // how many of these have been sent
  std::string in;                      // the part of a head that has arrived
  std::optional<std::size_t> missing;  // after a head: the bytes of its body that have not arrived
};

class Load {
 public:
  explicit Load(const Options& o)
      : options_(o), requests_(o), clients_(static_cast<std::size_t>(o.connections)), epoll_(epoll_create1(0)) {
    for (std::size_t i = 0; i < clients_.size(); ++i) open(i);
  }

  void run() {
    begin_ = now();
    end_ = begin_ + static_cast<std::uint64_t>(options_.seconds * 1e9);
    if (options_.rate > 0) {
      make_timer();
    } else {
      for (auto& client : clients_) ask(client, static_cast<std::size_t>(options_.pipeline), now());
    }
    std::array<epoll_event, 512> events;
    // Answers to requests that were sent in time are awaited for one more second.
    while (now() < end_ + 1'000'000'000 && (now() < end_ || outstanding_ > 0)) {
      const int count = epoll_wait(epoll_, events.data(), events.size(), 100);
      for (int i = 0; i < count; ++i) {
        const auto index = events[static_cast<std::size_t>(i)].data.u64;
        if (index == clients_.size()) {
          ask_what_is_due();
        } else {
          take_answers(clients_[index]);
        }
      }
    }
    finished_ = now();
  }

  void report() const {
    const double seconds = static_cast<double>(std::min(finished_, end_) - begin_) / 1e9;
    const auto us = [this](double part) { return static_cast<double>(latencies_.percentile(part)) / 1e3; };
    std::printf(
        "{\"requests\": %llu, \"errors\": %llu, \"unanswered\": %llu, \"seconds\": %.3f, \"rate\": %.1f, "
        "\"p50_us\": %.1f, \"p90_us\": %.1f, \"p99_us\": %.1f, \"p999_us\": %.1f, \"max_us\": %.1f}\n",
        static_cast<unsigned long long>(latencies_.count()), static_cast<unsigned long long>(errors_),
        static_cast<unsigned long long>(outstanding_), seconds, static_cast<double>(latencies_.count()) / seconds,
        us(0.5), us(0.9), us(0.99), us(0.999), static_cast<double>(latencies_.largest()) / 1e3);
  }

 private:
  void open(std::size_t index) {
    auto& client = clients_[index];
    client.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(options_.port));
    if (connect(client.fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      std::perror("connect");
      std::exit(1);
    }
    const int on = 1;
    setsockopt(client.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = index;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, client.fd, &event);
  }

  // The timer wakes the sender. The clock decides which requests are due, not the number of ticks.
  void make_timer() {
    prctl(PR_SET_TIMERSLACK, 1);
    timer_ = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    const auto gap = std::clamp(static_cast<long>(1e9 / options_.rate), 50'000L, 100'000'000L);
    const itimerspec spec{{0, gap}, {0, 1}};
    timerfd_settime(timer_, 0, &spec, nullptr);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = clients_.size();
    epoll_ctl(epoll_, EPOLL_CTL_ADD, timer_, &event);
  }

  void ask_what_is_due() {
    std::uint64_t ticks = 0;
    [[maybe_unused]] const auto ignored = read(timer_, &ticks, sizeof ticks);
    const auto at = std::min(now(), end_);
    while (true) {
      const auto due = begin_ + static_cast<std::uint64_t>(static_cast<double>(asked_) * 1e9 / options_.rate);
      if (due >= at) return;
      auto& client = clients_[asked_ % clients_.size()];
      ++asked_;
      ++outstanding_;
      client.due.push_back(due);
      send_waiting(client);
    }
  }

  // In an open loop a connection that is behind sends one request at a time, like a browser's.
  void send_waiting(Client& client) {
    if (client.unanswered >= static_cast<std::size_t>(options_.pipeline) || client.due.size() == client.unanswered) {
      return;
    }
    send_requests(client, 1);
  }

  void ask(Client& client, std::size_t count, std::uint64_t at) {
    for (std::size_t i = 0; i < count; ++i) client.due.push_back(at);
    outstanding_ += count;
    send_requests(client, count);
  }

  void send_requests(Client& client, std::size_t count) {
    out_.clear();
    for (std::size_t i = 0; i < count; ++i) requests_.append_next(out_);
    client.unanswered += count;
    // Small compared with the socket's buffer, so that one write takes all of it.
    if (send(client.fd, out_.data(), out_.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(out_.size())) fail("send");
  }

  void take_answers(Client& client) {
    const ssize_t got = recv(client.fd, buffer_.data(), buffer_.size(), 0);
    if (got <= 0) fail("the server closed a connection");
    std::string_view rest(buffer_.data(), static_cast<std::size_t>(got));
    if (!client.in.empty()) {
      client.in += rest;
      rest = client.in;
    }
    const auto at = now();
    while (takes_answer(client, rest)) {
      latencies_.add(at - client.due.front());
      client.due.pop_front();
      --client.unanswered;
      --outstanding_;
    }
    client.in = std::string(rest);
    if (options_.rate > 0) {
      send_waiting(client);
    } else if (client.unanswered == 0 && at < end_) {
      ask(client, static_cast<std::size_t>(options_.pipeline), at);
    }
  }

  // Takes bytes from the front of `in`. Returns whether they were the rest of an answer.
  bool takes_answer(Client& client, std::string_view& in) {
    if (!client.missing) {
      const auto end = in.find("\r\n\r\n");
      if (end == in.npos) return false;
      client.missing = body_size(in.substr(0, end + 2));
      in.remove_prefix(end + 4);
    }
    const auto part = std::min(*client.missing, in.size());
    in.remove_prefix(part);
    *client.missing -= part;
    if (*client.missing > 0) return false;
    client.missing.reset();
    return true;
  }

  // The size of the body that follows this head.
  std::size_t body_size(std::string_view head) {
    if (head.size() < 12 || (head[9] != '2' && head.substr(9, 3) != "304")) ++errors_;
    // Not a general parser: the servers are ones that we started.
    for (const std::string_view name : {"\r\nContent-Length: ", "\r\ncontent-length: "}) {
      if (const auto at = head.find(name); at != head.npos)
        return std::strtoul(head.data() + at + name.size(), nullptr, 10);
    }
    return 0;
  }

  [[noreturn]] void fail(const char* what) const {
    std::fprintf(stderr, "load_generator: %s\n", what);
    std::exit(1);
  }

  const Options& options_;
  Requests requests_;
  std::vector<Client> clients_;
  int epoll_;
  int timer_ = -1;
  std::uint64_t begin_ = 0;
  std::uint64_t end_ = 0;
  std::uint64_t finished_ = 0;
  std::uint64_t asked_ = 0;
  std::uint64_t outstanding_ = 0;
  std::uint64_t errors_ = 0;
  Histogram latencies_;
  std::string out_;
  std::array<char, 262'144> buffer_{};
};

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  const auto load = std::make_unique<Load>(options);
  load->run();
  load->report();
}
