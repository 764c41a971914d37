#include "app/health_check.hpp"

#include <cstdio>
#include <future>

#include "app/listen_address.hpp"
#include "base/text.hpp"
#include "http_client/http_client.hpp"
#include "observability/log.hpp"

namespace wx::app {
namespace {

// Shorter than the 3 s timeout of the image's HEALTHCHECK, so that the failure is reported with its reason.
constexpr milliseconds kDeadline{2000};

int unhealthy(std::string_view why) {
  std::fputs(cat("unhealthy: ", why, "\n").c_str(), stderr);
  return 1;
}

}  // namespace

std::string health_url(const config::Settings& settings) {
  const bool v6 = settings.address.contains(':');
  const auto host =
      is_any_address(settings.address) ? std::string(v6 ? "[::1]" : "127.0.0.1") : url_host(settings.address);
  return cat("http://", host, ":", settings.port, "/health/ready");
}

int check_health(const config::Settings& settings) {
  const auto url = health_url(settings);
  const auto log = observability::make_null_log();
  http_client::HttpClientOptions options;
  options.user_agent = "weather-cache healthcheck";
  options.direct = true;
  http_client::HttpClient client(options, *log);
  std::promise<Result<http_client::GetResponse>> promise;
  client.get({.url = url, .headers = {}, .connect_timeout = kDeadline, .total_timeout = kDeadline},
             [&promise](auto result) { promise.set_value(std::move(result)); });
  const auto answer = promise.get_future().get();

  if (!answer) return unhealthy(cat(url, ": ", answer.error().detail));
  const auto body = std::string_view(answer->body).substr(0, answer->body.find('\n'));
  const auto said = cat(url, " answered ", answer->status, " ", body);
  if (answer->status != 200) return unhealthy(said);
  if (answer->body_fault) return unhealthy(cat(said, ": ", answer->body_fault->detail));
  std::fputs(cat("healthy: ", said, "\n").c_str(), stdout);
  return 0;
}

}  // namespace wx::app
