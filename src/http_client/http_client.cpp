// The client's thread runs one loop: take new requests, let libcurl work, hand out finished transfers, sleep until a
// socket, a timer or a new request wakes it. Every call of libcurl but curl_multi_wakeup() happens on that thread.
#include "http_client/http_client.hpp"

#include <algorithm>
#include <chrono>
#include <thread>
#include <unordered_map>
#include <utility>

#include <curl/curl.h>

#include "base/mutex.hpp"
#include "http_client/transfer.hpp"
#include "observability/log_exception.hpp"

namespace wx::http_client {
namespace {

// Sets up libcurl's global state once per process. It is never torn down, because other clients may be in use.
bool libcurl_is_ready() {
  static const bool ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  return ready;
}

}  // namespace

class HttpClient::Loop {
 public:
  Loop(HttpClientOptions options, observability::Log& log)
      : options_(std::move(options)), log_(log), thread_([this] { run(); }) {}

  ~Loop() {
    {
      const Lock lock(mutex_);
      stopping_ = true;
      wake();
    }
    thread_.join();
  }

  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  [[nodiscard]] BytesInFlight bytes_in_flight() const { return bytes_in_flight_; }

  void get(GetRequest request, GetCallback done) {
    const Lock lock(mutex_);
    pending_.push_back({std::move(request), std::move(done)});
    wake();
  }

 private:
  struct Pending {
    GetRequest request;
    GetCallback done;
  };

  // Makes the thread look at pending_ and stopping_. The mutex keeps it from cleaning up multi_ during the call.
  void wake() WX_REQUIRES(mutex_) {
    changed_.notify_one();
    if (multi_ != nullptr) curl_multi_wakeup(multi_);
  }

  // Sleeps until there is a request or the client stops. Used while there is no libcurl handle to sleep in.
  void wait_for_change() {
    const Lock lock(mutex_);
    while (!stopping_ && pending_.empty()) changed_.wait(mutex_);
  }

  // The requests since the last call, and whether to stop.
  std::pair<std::vector<Pending>, bool> take_pending() {
    const Lock lock(mutex_);
    return {std::exchange(pending_, {}), stopping_};
  }

  // Sets the handle that wake() reaches; null: none.
  void publish(CURLM* multi) {
    const Lock lock(mutex_);
    multi_ = multi;
  }

  bool stopping() {
    const Lock lock(mutex_);
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
      auto [asked, stop] = take_pending();
      if (stop) {
        drain(std::move(asked), multi);
        return;
      }
      for (auto& one : asked) begin(std::move(one), multi);
      int running = 0;
      curl_multi_perform(multi, &running);
      deliver_finished(multi);
      end_unanswered(multi);
      // Returns when a socket or a timer is due, or after wake(). A wake() before the poll counts too, so a request
      // made by a callback above is not delayed.
      curl_multi_poll(multi, nullptr, 0, poll_ms(), nullptr);
    }
  }

  void begin(Pending asked, CURLM* multi) {
    auto transfer = std::make_unique<Transfer>(options_, *bytes_in_flight_, std::move(asked.done));
    if (!transfer->prepare(asked.request) || curl_multi_add_handle(multi, transfer->handle()) != CURLM_OK) {
      deliver(transfer->take_callback(), fail(ErrorKind::internal, "the request could not be made"));
      return;
    }
    CURL* const handle = transfer->handle();
    transfers_.emplace(handle, std::move(transfer));
  }

  void deliver_finished(CURLM* multi) {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      const CURLcode code = message->data.result;
      finish(multi, message->easy_handle, code);  // `message` is invalid from here on
    }
  }

  void finish(CURLM* multi, CURL* handle, CURLcode code) {
    const auto node = transfers_.extract(handle);
    Transfer& transfer = *node.mapped();
    auto outcome = transfer.result(code);
    curl_multi_remove_handle(multi, handle);
    if (!outcome || outcome->body_fault) {
      log_.debug("http_client", "a transfer failed",
                 {{"code", static_cast<int>(code)}, {"error", transfer.error_text(code)}});
    }
    deliver(transfer.take_callback(), std::move(outcome));
  }

  // Ends the transfers whose answer has not begun by its deadline: libcurl has no such deadline for HTTP.
  void end_unanswered(CURLM* multi) {
    const auto now = SteadyClock::now();
    std::vector<CURL*> late;
    for (const auto& [handle, transfer] : transfers_) {
      if (transfer->first_byte_deadline() <= now) late.push_back(handle);
    }
    for (CURL* const handle : late) finish(multi, handle, CURLE_OPERATION_TIMEDOUT);
  }

  // The time until the next such deadline, rounded up, or a minute.
  int poll_ms() const {
    auto longest = std::chrono::nanoseconds(std::chrono::minutes(1));
    const auto now = SteadyClock::now();
    for (const auto& [handle, transfer] : transfers_) {
      const auto deadline = transfer->first_byte_deadline();
      if (deadline != SteadyClock::time_point::max()) longest = std::clamp(deadline - now, kNow, longest);
    }
    return static_cast<int>(std::chrono::ceil<milliseconds>(longest).count());
  }

  void drain(std::vector<Pending> asked, CURLM* multi) {
    for (const auto& [handle, transfer] : transfers_) curl_multi_remove_handle(multi, handle);
    const auto abandoned = std::exchange(transfers_, {});
    for (const auto& [handle, transfer] : abandoned) deliver(transfer->take_callback(), fail(ErrorKind::draining));
    // Requests that these callbacks make in turn get the same answer.
    do {
      for (auto& one : asked) deliver(std::move(one.done), fail(ErrorKind::draining));
      asked = take_pending().first;
    } while (!asked.empty());
  }

  // The loop without libcurl: the client was stopped before its thread set libcurl up, or libcurl could not be set up.
  void refuse() {
    while (true) {
      wait_for_change();
      auto [asked, stop] = take_pending();
      if (!asked.empty() && !stop) log_.error("http_client", "libcurl could not be set up");
      for (auto& one : asked) {
        deliver(std::move(one.done), fail(stop ? ErrorKind::draining : ErrorKind::internal));
      }
      if (stop && asked.empty()) return;
    }
  }

  // A callback that throws must not end this thread or the other transfers.
  void deliver(GetCallback done, Result<GetResponse> outcome) {
    try {
      done(std::move(outcome));
    } catch (...) {
      observability::log_exception(log_, "http_client", "a callback threw");
    }
  }

  using SteadyClock = std::chrono::steady_clock;
  static constexpr std::chrono::nanoseconds kNow{0};

  const HttpClientOptions options_;
  const std::shared_ptr<std::atomic<std::size_t>> bytes_in_flight_ = std::make_shared<std::atomic<std::size_t>>(0);
  observability::Log& log_;
  std::unordered_map<CURL*, std::unique_ptr<Transfer>> transfers_;  // the client's thread only

  Mutex mutex_;
  ConditionVariable changed_;
  std::vector<Pending> pending_ WX_GUARDED_BY(mutex_);
  CURLM* multi_ WX_GUARDED_BY(mutex_) = nullptr;  // null unless the thread is in serve()
  bool stopping_ WX_GUARDED_BY(mutex_) = false;

  std::thread thread_;  // last, because it uses everything above
};

HttpClient::HttpClient(HttpClientOptions options, observability::Log& log)
    : loop_(std::make_unique<Loop>(std::move(options), log)) {}

HttpClient::~HttpClient() = default;

BytesInFlight HttpClient::bytes_in_flight() const {
  return loop_->bytes_in_flight();
}

void HttpClient::get(GetRequest request, GetCallback done) {
  loop_->get(std::move(request), std::move(done));
}

}  // namespace wx::http_client
