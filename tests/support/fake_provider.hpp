// A weather provider played by the test: an HTTP server on 127.0.0.1 that answers as Open-Meteo does, or as badly as
// a script says.
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
  std::string target;  // as it came: path and query
  std::vector<std::pair<std::string, std::string>> headers;

  // The value of the first header of that name (any case); empty if there is none.
  [[nodiscard]] std::string header(std::string_view name) const;
  // The value of the first query parameter of that name, as it came; empty if there is none.
  [[nodiscard]] std::string parameter(std::string_view name) const;
};

// What to do with one request. Factories for the usual cases stand below.
struct ProviderReply {
  enum class Framing { chunked, content_length };
  enum class Ending {
    keep_alive,  // the next request, please
    close,       // FIN
    reset,       // RST
    hang,        // nothing more, and the connection stays open
  };

  milliseconds delay{0};  // before the first byte
  int status = 200;
  std::string content_type = "application/json; charset=utf-8";
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  Framing framing = Framing::chunked;

  std::optional<std::string> raw;         // these bytes instead of a response
  milliseconds per_byte{0};               // a pause after each byte of the body
  std::optional<std::size_t> stop_after;  // only so many bytes of the body (of raw), then `ending`
  Ending ending = Ending::keep_alive;
};

// Open-Meteo's answer to `current=temperature_2m,wind_speed_10m` at the asked point: its grid cell, values that
// depend on cell and time alone, current.time floored to the quarter of an hour, chunked.
[[nodiscard]] ProviderReply weather_reply(const ProviderRequest& request);
// The same with chosen values, written digit for digit.
[[nodiscard]] ProviderReply weather_reply(const ProviderRequest& request, std::string_view temperature,
                                          std::string_view wind);
[[nodiscard]] ProviderReply json_reply(int status, std::string body);
// {"error":true,"reason":...} as the provider writes it.
[[nodiscard]] ProviderReply refusal(int status, std::string_view reason);
[[nodiscard]] ProviderReply html_reply(int status, std::string body);
// The head promises all of `reply`, half of the body comes, then the connection is closed.
[[nodiscard]] ProviderReply truncated(ProviderReply reply, ProviderReply::Framing framing);
[[nodiscard]] ProviderReply connection_reset();
[[nodiscard]] ProviderReply never();
[[nodiscard]] ProviderReply trickled(ProviderReply reply, milliseconds per_byte);
[[nodiscard]] ProviderReply garbage(std::string bytes);

// Thread-safety: all members may be called from any thread.
class FakeProvider {
 public:
  // Called on the provider's own thread, for one request at a time; must not block.
  using Script = std::function<ProviderReply(const ProviderRequest&)>;

  // Answers with weather_reply() until told otherwise. With `tls` it speaks HTTPS.
  explicit FakeProvider(std::optional<ServerCertificate> tls = std::nullopt);
  ~FakeProvider();

  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] std::string url() const;  // http://127.0.0.1:<port> (https://localhost:<port> with TLS), no slash

  void script(Script script);
  void always(ProviderReply reply);
  // Answers with the weather after `delay`. Without a delay this is the provider as it starts.
  void answer_weather(milliseconds delay = {});

  // Connections are refused from now on, and those that stand are closed; open() undoes it, on the same port.
  void shut();
  void open();

  [[nodiscard]] std::size_t calls() const;  // requests so far
  [[nodiscard]] std::vector<ProviderRequest> requests() const;
  [[nodiscard]] std::size_t running() const;  // requests whose reply has not ended
  [[nodiscard]] std::size_t max_running() const;
  // Wait until there have been / are so many; false after `timeout`.
  [[nodiscard]] bool wait_for_calls(std::size_t count, milliseconds timeout = milliseconds(10000)) const;
  [[nodiscard]] bool wait_for_running(std::size_t count, milliseconds timeout = milliseconds(10000)) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace wx::test
