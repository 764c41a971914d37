// One transfer: a configured libcurl easy handle, and the bytes received so far.
// Belongs to the client's thread.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include <curl/curl.h>

#include "http_client/http_client.hpp"

namespace wx::http_client {

class Transfer {
 public:
  // `options` must outlive the transfer.
  Transfer(const HttpClientOptions& options, GetCallback done) : options_(options), done_(std::move(done)) {}
  ~Transfer();
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  // Makes the handle ready for curl_multi_add_handle(). Returns false if the request is not valid or libcurl rejects
  // it; the caller then reports ErrorKind::internal.
  [[nodiscard]] bool prepare(const GetRequest& request);
  [[nodiscard]] CURL* handle() const { return easy_; }

  // The outcome, after libcurl has reported that the transfer ended with `code`. Moves the body out: call it once.
  [[nodiscard]] Result<GetResponse> result(CURLcode code);
  // libcurl's description of the fault, which may name addresses.
  [[nodiscard]] const char* error_text(CURLcode code) const;

  // The callback, to be called with the outcome. Once.
  [[nodiscard]] GetCallback take_callback() { return std::move(done_); }

 private:
  // The status of the last response so far: 1xx if only an interim one has come, 0 if none has.
  [[nodiscard]] long status() const;
  // Why the transfer that ended with `code` failed; empty if it did not.
  [[nodiscard]] std::optional<Error> fault(CURLcode code) const;
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_header(char* line, std::size_t size, std::size_t count, void* self);

  const HttpClientOptions& options_;
  GetCallback done_;
  CURL* easy_ = nullptr;
  curl_slist* headers_ = nullptr;
  std::string body_;
  std::size_t header_bytes_ = 0;
  bool header_is_whole_ = false;  // of the final response: the empty line after its fields has come
  bool body_too_large_ = false;
  bool headers_too_large_ = false;
  char error_text_[CURL_ERROR_SIZE] = {};
};

}  // namespace wx::http_client
