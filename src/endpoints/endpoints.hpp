// The route table of the service, with the handler of every URL.
//
// Thread: one per I/O thread; used only on that thread.
#pragma once

#include "endpoints/context.hpp"
#include "endpoints/drop_in_endpoint.hpp"
#include "endpoints/lab_endpoint.hpp"
#include "endpoints/weather_endpoint.hpp"
#include "http_server/router.hpp"

namespace wx::endpoints {

class Endpoints {
 public:
  // The objects that `context` refers to must outlive this object.
  explicit Endpoints(Context context);
  Endpoints(const Endpoints&) = delete;
  Endpoints& operator=(const Endpoints&) = delete;

  [[nodiscard]] http_server::Handler& handler() { return router_; }

 private:
  [[nodiscard]] std::vector<http_server::Route> routes();
  // Sends a small, complete answer with Cache-Control: no-store.
  void respond(http_server::Exchange& exchange, int status, std::string_view type, std::string_view body,
               std::string_view extra_headers = {});
  void page(http_server::Exchange& exchange);
  void asset(http_server::Exchange& exchange);
  void purge_all(http_server::Exchange& exchange);
  void live(http_server::Exchange& exchange);
  void ready(http_server::Exchange& exchange);
  void stats(http_server::Exchange& exchange);
  void problem_page(http_server::Exchange& exchange);

  Context context_;
  WeatherEndpoint weather_;
  LabEndpoint lab_;
  std::optional<DropInEndpoint> drop_in_;
  http_server::Router router_;
};

}  // namespace wx::endpoints
