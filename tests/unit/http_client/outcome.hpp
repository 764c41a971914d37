// Sends one GET and waits for its outcome.
#pragma once

#include <future>
#include <memory>
#include <string>
#include <utility>

#include "http_client/http_client.hpp"

namespace wx::http_client {

inline std::future<Result<GetResponse>> start_get(HttpClient& client, GetRequest request) {
  auto promise = std::make_shared<std::promise<Result<GetResponse>>>();
  auto future = promise->get_future();
  client.get(std::move(request), [promise](Result<GetResponse> outcome) { promise->set_value(std::move(outcome)); });
  return future;
}

inline Result<GetResponse> wait_for(std::future<Result<GetResponse>>& future) {
  if (future.wait_for(std::chrono::seconds(30)) != std::future_status::ready) {
    return fail(ErrorKind::internal, "no outcome came");
  }
  return future.get();
}

inline Result<GetResponse> get(HttpClient& client, GetRequest request) {
  auto future = start_get(client, std::move(request));
  return wait_for(future);
}

// The outcome as text: the status, or the name of the fault and its detail; both if the body did not come whole.
inline std::string told(const Result<GetResponse>& outcome) {
  const auto text = [](const Error& fault) { return std::string(name(fault.kind)) + ": " + fault.detail; };
  if (!outcome) return text(outcome.error());
  const auto status = std::to_string(outcome->status);
  return outcome->body_fault ? status + ", " + text(*outcome->body_fault) : status;
}

}  // namespace wx::http_client
