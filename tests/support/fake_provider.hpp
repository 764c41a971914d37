// A weather provider played by the test: an HTTP server on 127.0.0.1 that answers as Open-Meteo does, or as a script
// says.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/certificate.hpp"

namespace wx::test {

using std::chrono::milliseconds;

struct ProviderRequest {
  std::size_t number = 0;  // counts from 1
  std::string method;
  std::string target;  // path and query, not decoded
  std::vector<std::pair<std::string, std::string>> headers;

  // The value of the first header of that name, in any case; empty if there is none.
  [[nodiscard]] std::string header(std::string_view name) const;
  // The value of the first query parameter of that name, not decoded; empty if there is none.
  [[nodiscard]] std::string parameter(std::string_view name) const;
};

// The reply to one request. Factories for the usual cases are below.
struct ProviderReply {
  enum class Framing { chunked, content_length };
  enum class Ending {
    keep_alive,  // waits for the next request
    close,       // FIN
    reset,       // RST
    hang,        // sends nothing more and leaves the connection open
  };

  milliseconds delay{0};  // before the first byte
  int status = 200;
  std::string content_type = "application/json; charset=utf-8";
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  Framing framing = Framing::chunked;

  std::optional<std::string> raw;         // these bytes instead of a response
  milliseconds per_byte{0};               // a pause after each byte of the body
  std::optional<std::size_t> stop_after;  // sends only this many bytes of the body (or of raw), then does `ending`
  Ending ending = Ending::keep_alive;
};

// Open-Meteo's answer to `current=temperature_2m,wind_speed_10m` at the requested point: its grid cell, values that
// depend only on cell and time, current.time rounded down to the quarter of an hour, chunked.
[[nodiscard]] ProviderReply weather_reply(const ProviderRequest& request);
// The same with chosen values, written digit for digit.
[[nodiscard]] ProviderReply weather_reply(const ProviderRequest& request, std::string_view temperature,
                                          std::string_view wind);
[[nodiscard]] ProviderReply json_reply(int status, std::string body);
// The provider's error document: {"error":true,"reason":...}.
[[nodiscard]] ProviderReply refusal(int status, std::string_view reason);
[[nodiscard]] ProviderReply html_reply(int status, std::string body);
// A head that promises all of `reply`, then half of the body, then the end of the connection.
[[nodiscard]] ProviderReply truncated(ProviderReply reply, ProviderReply::Framing framing);
[[nodiscard]] ProviderReply connection_reset();
[[nodiscard]] ProviderReply never();
[[nodiscard]] ProviderReply trickled(ProviderReply reply, milliseconds per_byte);
[[nodiscard]] ProviderReply garbage(std::string bytes);

// Thread-safety: all members may be called from any thread.
class FakeProvider {
 public:
  // Called on the provider's own thread, for one request at a time. It must not block.
  using Script = std::function<ProviderReply(const ProviderRequest&)>;

  // Answers with weather_reply() until a script is set. With `tls` it speaks HTTPS.
  explicit FakeProvider(std::optional<ServerCertificate> tls = std::nullopt);
  ~FakeProvider();

  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] std::string url() const;  // http://127.0.0.1:<port> (https://localhost:<port> with TLS), no slash

  void script(Script script);
  void always(ProviderReply reply);
  // Answers with the weather after `delay`. Without a delay, this is the behaviour at the start.
  void answer_weather(milliseconds delay = {});

  // Closes all connections and refuses new ones. open() undoes it, on the same port.
  void shut();
  void open();

  [[nodiscard]] std::size_t calls() const;  // requests so far
  [[nodiscard]] std::vector<ProviderRequest> requests() const;
  [[nodiscard]] std::size_t running() const;  // requests whose reply has not been sent completely
  [[nodiscard]] std::size_t max_running() const;
  // Waits until at least this many requests have come, or are running. Returns false after `timeout`.
  [[nodiscard]] bool wait_for_calls(std::size_t count, milliseconds timeout = milliseconds(10000)) const;
  [[nodiscard]] bool wait_for_running(std::size_t count, milliseconds timeout = milliseconds(10000)) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace wx::test
