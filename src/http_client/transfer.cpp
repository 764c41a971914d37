#include "http_client/transfer.hpp"

#include <string_view>

#include "http_client/transfer_fault.hpp"

namespace wx::http_client {
namespace {

// Far above what any provider sends. libcurl keeps the headers, so this bounds the memory that a broken provider can
// use.
constexpr std::size_t kMaxHeaderBytes = 64UL * 1024;

// Whether a URL is http or https with a host, and whether that host is a loopback one.
struct Target {
  bool valid = false;
  bool loopback = false;
};

Target inspect(const std::string& url) {
  Target target;
  CURLU* parts = curl_url();
  char* scheme = nullptr;
  char* host = nullptr;
  if (curl_url_set(parts, CURLUPART_URL, url.c_str(), 0) == CURLUE_OK &&
      curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
      curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK) {
    const std::string_view name(scheme);
    target.valid = name == "http" || name == "https";
    target.loopback = is_loopback(host);
  }
  curl_free(scheme);
  curl_free(host);
  curl_url_cleanup(parts);
  return target;
}

// The value of a header field of the final response, or empty. Of several fields of this name it is the first.
std::string_view header(CURL* easy, const char* name) {
  constexpr int kLastRequest = -1;
  curl_header* found = nullptr;
  if (curl_easy_header(easy, name, 0, CURLH_HEADER, kLastRequest, &found) != CURLHE_OK) return {};
  return found->value;
}

bool is_header_line(std::string_view line) {
  return line.find(':') != std::string_view::npos && line.find_first_of(std::string_view("\r\n\0", 3)) == line.npos;
}

}  // namespace

Transfer::~Transfer() {
  curl_easy_cleanup(easy_);
  curl_slist_free_all(headers_);
}

bool Transfer::prepare(const GetRequest& request) {
  const Target target = inspect(request.url);
  if (!target.valid || request.total_timeout <= milliseconds(0)) return false;
  for (const auto& line : request.headers) {
    if (!is_header_line(line)) return false;
    curl_slist* const longer = curl_slist_append(headers_, line.c_str());
    if (longer == nullptr) return false;
    headers_ = longer;
  }
  easy_ = curl_easy_init();
  if (easy_ == nullptr) return false;

  bool good = true;
  const auto set = [&](CURLoption option, auto value) {
    good = good && curl_easy_setopt(easy_, option, value) == CURLE_OK;
  };
  set(CURLOPT_ERRORBUFFER, error_text_);
  set(CURLOPT_URL, request.url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  set(CURLOPT_HTTPHEADER, headers_);
  set(CURLOPT_USERAGENT, options_.user_agent.c_str());
  set(CURLOPT_ACCEPT_ENCODING, "");  // every encoding that libcurl can decode
  if (target.loopback || options_.direct) set(CURLOPT_PROXY, "");

  set(CURLOPT_SSL_VERIFYPEER, 1L);
  set(CURLOPT_SSL_VERIFYHOST, 2L);
  if (!options_.ca_file.empty()) set(CURLOPT_CAINFO, options_.ca_file.c_str());

  set(CURLOPT_TIMEOUT_MS, static_cast<long>(request.total_timeout.count()));
  // Left unset, libcurl's default of five minutes applies within the total timeout.
  if (request.connect_timeout > milliseconds(0)) {
    set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request.connect_timeout.count()));
  }
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_TCP_NODELAY, 1L);
  set(CURLOPT_TCP_KEEPALIVE, 1L);
  // Without this option, a transfer that ends during name resolution blocks the whole thread until the resolver
  // answers. With it, the resolver's thread is detached and cleans up after itself.
  set(CURLOPT_QUICK_EXIT, 1L);

  set(CURLOPT_WRITEFUNCTION, &Transfer::on_body);
  set(CURLOPT_WRITEDATA, this);
  set(CURLOPT_HEADERFUNCTION, &Transfer::on_header);
  set(CURLOPT_HEADERDATA, this);
  return good;
}

std::optional<Error> Transfer::fault(CURLcode code) const {
  if (headers_too_large_ || body_too_large_) {
    return Error{
        .kind = ErrorKind::provider_bad_reply, .detail = "the answer was too large", .of_query = body_too_large_};
  }
  // To libcurl, a connection that the peer closes within the header section is a whole reply without a body.
  if (code == CURLE_OK && !header_is_whole_) code = CURLE_GOT_NOTHING;
  if (code == CURLE_OK) return std::nullopt;
  curl_off_t pretransfer_us = 0;  // zero if the request could not be sent
  curl_easy_getinfo(easy_, CURLINFO_PRETRANSFER_TIME_T, &pretransfer_us);
  return transfer_fault(code, pretransfer_us > 0);
}

Result<GetResponse> Transfer::result(CURLcode code) {
  auto failed = fault(code);
  const bool cut_here = headers_too_large_ || is_header_limit(code);
  if (failed && !header_is_whole_ && !(cut_here && status() >= 200)) return std::unexpected(*std::move(failed));
  GetResponse response;
  response.body_fault = std::move(failed);
  response.status = static_cast<int>(status());
  const char* type = nullptr;
  curl_easy_getinfo(easy_, CURLINFO_CONTENT_TYPE, &type);
  if (type != nullptr) response.content_type = type;
  curl_off_t total = 0;
  curl_easy_getinfo(easy_, CURLINFO_TOTAL_TIME_T, &total);
  response.duration = std::chrono::microseconds(total);
  response.body = std::move(body_);
  response.date = parse_http_date(header(easy_, "Date"));
  response.age = parse_delta_seconds(header(easy_, "Age"));
  response.retry_after = parse_retry_after(header(easy_, "Retry-After"));
  return response;
}

long Transfer::status() const {
  long status = 0;
  curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
  return status;
}

const char* Transfer::error_text(CURLcode code) const {
  return error_text_[0] != '\0' ? error_text_ : curl_easy_strerror(code);
}

std::size_t Transfer::on_body(char* data, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  const std::size_t bytes = size * count;
  if (bytes > transfer.options_.max_body - transfer.body_.size()) {
    transfer.body_too_large_ = true;
    transfer.body_.append(data, transfer.options_.max_body - transfer.body_.size());
    return CURL_WRITEFUNC_ERROR;
  }
  transfer.body_.append(data, bytes);
  return bytes;
}

// libcurl calls this once for each line, the empty one at the end of each header section included.
std::size_t Transfer::on_header(char* line, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  transfer.header_bytes_ += size * count;
  if (transfer.header_bytes_ > kMaxHeaderBytes) {
    transfer.headers_too_large_ = true;
    return CURL_WRITEFUNC_ERROR;
  }
  const bool empty = *line == '\r' || *line == '\n';
  if (empty && transfer.status() >= 200) transfer.header_is_whole_ = true;
  return size * count;
}

}  // namespace wx::http_client
