// One transfer: a configured libcurl easy handle, and the bytes received so far.
// Belongs to the client's thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include <curl/curl.h>

#include "http_client/http_client.hpp"

namespace wx::http_client {

class Transfer {
 public:
  // `options` and `bytes_in_flight`, which counts the bytes of the body until result(), must outlive the transfer.
  Transfer(const HttpClientOptions& options, std::atomic<std::size_t>& bytes_in_flight, GetCallback done)
      : options_(options), bytes_in_flight_(bytes_in_flight), done_(std::move(done)) {}
  ~Transfer();
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  // Makes the handle ready for curl_multi_add_handle(). Returns false if the request is not valid or libcurl rejects
  // it; the caller then reports ErrorKind::internal.
  [[nodiscard]] bool prepare(const GetRequest& request);
  [[nodiscard]] CURL* handle() const { return easy_; }

  // When the transfer must be ended with CURLE_OPERATION_TIMEDOUT; the largest time if its answer has begun, or need
  // not begin before its end.
  [[nodiscard]] std::chrono::steady_clock::time_point first_byte_deadline() const { return first_byte_deadline_; }

  // The outcome, after the transfer ended with `code`. Moves the body out: call it once.
  [[nodiscard]] Result<GetResponse> result(CURLcode code);
  // libcurl's description of the fault, which may name addresses.
  [[nodiscard]] const char* error_text(CURLcode code) const;

  // The callback, to be called with the outcome. Once.
  [[nodiscard]] GetCallback take_callback() { return std::move(done_); }

 private:
  // Sets the address of the URL's host if the options have one.
  [[nodiscard]] bool set_address(const std::string& host, const std::string& port);
  [[nodiscard]] bool set_headers(const std::vector<std::string>& lines);
  [[nodiscard]] bool set_deadlines(const GetRequest& request);
  void forget_body_bytes();
  // The status of the last response so far: 1xx if only an interim one has come, 0 if none has.
  [[nodiscard]] long status() const;
  // Why the transfer that ended with `code` failed; empty if it did not.
  [[nodiscard]] std::optional<Error> fault(CURLcode code) const;
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_header(char* line, std::size_t size, std::size_t count, void* self);

  const HttpClientOptions& options_;
  std::atomic<std::size_t>& bytes_in_flight_;
  GetCallback done_;
  std::size_t max_body_ = 0;
  bool keep_encoding_ = false;
  std::chrono::steady_clock::time_point first_byte_deadline_ = std::chrono::steady_clock::time_point::max();
  CURL* easy_ = nullptr;
  curl_slist* headers_ = nullptr;
  curl_slist* address_ = nullptr;
  std::string body_;
  std::size_t counted_ = 0;  // of bytes_in_flight_
  std::size_t header_bytes_ = 0;
  bool header_is_whole_ = false;  // of the final response: the empty line after its fields has come
  bool body_too_large_ = false;
  bool headers_too_large_ = false;
  char error_text_[CURL_ERROR_SIZE] = {};
};

}  // namespace wx::http_client
