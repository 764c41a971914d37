// The client's thread runs one loop: take what was asked, let libcurl work, hand out what has ended, sleep until a
// socket, a timer or a new request wakes it. Everything of libcurl's but curl_multi_wakeup happens on that thread.
#include "http_client/http_client.hpp"

#include <condition_variable>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <utility>

#include <curl/curl.h>

#include "http_client/transfer.hpp"

namespace wx::http_client {
namespace {

// Once per process, whoever comes first. libcurl's own global state has no other owner here, and is never torn down:
// other clients may be at work.
bool libcurl_is_ready() {
  static const bool ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  return ready;
}

}  // namespace

class HttpClient::Worker {
 public:
  Worker(HttpClientOptions options, observability::Log& log)
      : options_(std::move(options)), log_(log), thread_([this] { run(); }) {}

  ~Worker() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      wake();
    }
    thread_.join();
  }

  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void get(GetRequest request, GetCallback done) {
    const std::lock_guard lock(mutex_);
    asked_.push_back({std::move(request), std::move(done)});
    wake();
  }

 private:
  struct Asked {
    GetRequest request;
    GetCallback done;
  };

  // With mutex_ held, so that the handle is not cleaned up meanwhile.
  void wake() {
    changed_.notify_one();
    if (multi_ != nullptr) curl_multi_wakeup(multi_);
  }

  // Sleeps as long as nothing is asked and nobody stops us: before libcurl is there to sleep in.
  void wait_for_change() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return stopping_ || !asked_.empty(); });
  }

  // What was asked since the last time, and whether to stop.
  std::pair<std::vector<Asked>, bool> take() {
    const std::lock_guard lock(mutex_);
    return {std::exchange(asked_, {}), stopping_};
  }

  void publish(CURLM* multi) {
    const std::lock_guard lock(mutex_);
    multi_ = multi;
  }

  bool stopping() {
    const std::lock_guard lock(mutex_);
    return stopping_;
  }

  void run() {
    wait_for_change();
    CURLM* const multi = !stopping() && libcurl_is_ready() ? curl_multi_init() : nullptr;
    publish(multi);
    if (multi != nullptr) {
      serve(multi);
      publish(nullptr);
      curl_multi_cleanup(multi);
    } else {
      refuse();
    }
  }

  void serve(CURLM* multi) {
    while (true) {
      auto [asked, stop] = take();
      if (stop) {
        drain(std::move(asked), multi);
        return;
      }
      for (auto& one : asked) begin(std::move(one), multi);
      int running = 0;
      curl_multi_perform(multi, &running);
      hand_out(multi);
      // Returns for a socket, for libcurl's timers, and for wake(), also if that came before: what a callback has just
      // asked for does not lie.
      constexpr int kLongest = 60'000;
      curl_multi_poll(multi, nullptr, 0, kLongest, nullptr);
    }
  }

  void begin(Asked asked, CURLM* multi) {
    auto transfer = std::make_unique<Transfer>(options_, std::move(asked.done));
    if (!transfer->prepare(asked.request) || curl_multi_add_handle(multi, transfer->handle()) != CURLM_OK) {
      transfer->finish(fail(ErrorKind::internal, "the request could not be made"));
      return;
    }
    CURL* const handle = transfer->handle();
    transfers_.emplace(handle, std::move(transfer));
  }

  void hand_out(CURLM* multi) {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      const CURLcode code = message->data.result;
      const auto node = transfers_.extract(message->easy_handle);
      Transfer& transfer = *node.mapped();
      auto outcome = transfer.result(code);
      curl_multi_remove_handle(multi, transfer.handle());  // `message` is gone from here on
      if (!outcome) {
        log_.debug("http_client", "a transfer failed",
                   {{"code", static_cast<int>(code)}, {"words", transfer.words(code)}});
      }
      transfer.finish(std::move(outcome));
    }
  }

  void drain(std::vector<Asked> asked, CURLM* multi) {
    for (const auto& [handle, transfer] : transfers_) curl_multi_remove_handle(multi, handle);
    const auto abandoned = std::exchange(transfers_, {});
    for (const auto& [handle, transfer] : abandoned) transfer->finish(fail(ErrorKind::draining));
    // What these callbacks ask for in turn is answered likewise.
    do {
      for (auto& one : asked) one.done(fail(ErrorKind::draining));
      asked = take().first;
    } while (!asked.empty());
  }

  // All that is left without libcurl: stopped before the first request, or no memory for it.
  void refuse() {
    while (true) {
      wait_for_change();
      auto [asked, stop] = take();
      if (!asked.empty() && !stop) log_.error("http_client", "libcurl could not be set up");
      for (auto& one : asked) one.done(fail(stop ? ErrorKind::draining : ErrorKind::internal));
      if (stop && asked.empty()) return;
    }
  }

  const HttpClientOptions options_;
  observability::Log& log_;
  std::unordered_map<CURL*, std::unique_ptr<Transfer>> transfers_;  // the client's thread only

  std::mutex mutex_;
  std::condition_variable changed_;
  // mutex_ protects the following state.
  std::vector<Asked> asked_;
  CURLM* multi_ = nullptr;
  bool stopping_ = false;

  std::thread thread_;  // last: it uses all of the above
};

HttpClient::HttpClient(HttpClientOptions options, observability::Log& log)
    : worker_(std::make_unique<Worker>(std::move(options), log)) {}

HttpClient::~HttpClient() = default;

void HttpClient::get(GetRequest request, GetCallback done) {
  worker_->get(std::move(request), std::move(done));
}

}  // namespace wx::http_client
