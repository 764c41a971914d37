#include "http_client/transfer.hpp"

#include <algorithm>
#include <string_view>

#include "base/text.hpp"
#include "http_client/transfer_fault.hpp"

namespace wx::http_client {
namespace {

// Far above what any provider sends. libcurl keeps the headers, so this bounds the memory that a broken provider can
// use.
constexpr std::size_t kMaxHeaderBytes = 64UL * 1024;

// A URL that is http or https with a host.
struct Target {
  bool valid = false;
  std::string host;
  std::string port;
};

Target inspect(const std::string& url) {
  Target target;
  CURLU* parts = curl_url();
  char* scheme = nullptr;
  char* host = nullptr;
  char* port = nullptr;
  if (curl_url_set(parts, CURLUPART_URL, url.c_str(), 0) == CURLUE_OK &&
      curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
      curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
      curl_url_get(parts, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK) {
    const std::string_view name(scheme);
    target = {.valid = name == "http" || name == "https", .host = host, .port = port};
  }
  curl_free(port);
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
  curl_slist_free_all(address_);
  forget_body_bytes();
}

bool Transfer::set_headers(const std::vector<std::string>& lines) {
  for (const auto& line : lines) {
    if (!is_header_line(line)) return false;
    curl_slist* const longer = curl_slist_append(headers_, line.c_str());
    if (longer == nullptr) return false;
    headers_ = longer;
  }
  return true;
}

bool Transfer::set_address(const std::string& host, const std::string& port) {
  const auto found = std::ranges::find_if(options_.resolve, [&](const HostAddress& one) { return one.is_of(host); });
  if (found == options_.resolve.end()) return true;
  const bool v6 = found->address.contains(':');
  address_ =
      curl_slist_append(nullptr, cat(host, ":", port, ":", v6 ? "[" : "", found->address, v6 ? "]" : "").c_str());
  return address_ != nullptr && curl_easy_setopt(easy_, CURLOPT_RESOLVE, address_) == CURLE_OK;
}

bool Transfer::set_deadlines(const GetRequest& request) {
  if (request.first_byte_timeout > milliseconds(0)) {
    first_byte_deadline_ = std::chrono::steady_clock::now() + request.first_byte_timeout;
  }
  const auto set = [this](CURLoption option, milliseconds span) {
    return curl_easy_setopt(easy_, option, static_cast<long>(span.count())) == CURLE_OK;
  };
  // Left unset, libcurl's default of five minutes applies within the total timeout.
  return set(CURLOPT_TIMEOUT_MS, request.total_timeout) &&
         (request.connect_timeout <= milliseconds(0) || set(CURLOPT_CONNECTTIMEOUT_MS, request.connect_timeout));
}

bool Transfer::prepare(const GetRequest& request) {
  const Target target = inspect(request.url);
  if (!target.valid || request.total_timeout <= milliseconds(0)) return false;
  max_body_ = request.max_body != 0 ? request.max_body : options_.max_body;
  keep_encoding_ = request.keep_encoding;
  easy_ = curl_easy_init();
  if (easy_ == nullptr) return false;

  bool good = set_headers(request.headers) && set_address(target.host, target.port) && set_deadlines(request);
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
  set(CURLOPT_ACCEPT_ENCODING, keep_encoding_ ? "gzip" : "");  // empty: every encoding that libcurl can decode
  set(CURLOPT_HTTP_CONTENT_DECODING, keep_encoding_ ? 0L : 1L);
  // The head of a proxy's answer to CONNECT is not that of the answer.
  set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  if (is_loopback(target.host) || options_.direct) set(CURLOPT_PROXY, "");

  set(CURLOPT_SSL_VERIFYPEER, 1L);
  set(CURLOPT_SSL_VERIFYHOST, 2L);
  if (!options_.ca_file.empty()) set(CURLOPT_CAINFO, options_.ca_file.c_str());

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
  forget_body_bytes();
  response.body = std::move(body_);
  if (keep_encoding_) response.content_encoding = header(easy_, "Content-Encoding");
  response.content_disposition = header(easy_, "Content-Disposition");
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

void Transfer::forget_body_bytes() {
  bytes_in_flight_.fetch_sub(std::exchange(counted_, 0), std::memory_order_relaxed);
}

std::size_t Transfer::on_body(char* data, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  const std::size_t bytes = size * count;
  if (bytes > transfer.max_body_ - transfer.body_.size()) {
    transfer.body_too_large_ = true;
    transfer.body_.append(data, transfer.max_body_ - transfer.body_.size());
    return CURL_WRITEFUNC_ERROR;
  }
  transfer.body_.append(data, bytes);
  transfer.counted_ += bytes;
  transfer.bytes_in_flight_.fetch_add(bytes, std::memory_order_relaxed);
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
  if (transfer.status() >= 200) transfer.first_byte_deadline_ = std::chrono::steady_clock::time_point::max();
  const bool empty = *line == '\r' || *line == '\n';
  if (empty && transfer.status() >= 200) transfer.header_is_whole_ = true;
  return size * count;
}

}  // namespace wx::http_client
