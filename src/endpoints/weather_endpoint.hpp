// GET /weather: a question in the query, the weather there as JSON or HTML.
//
// Thread: one per I/O thread, used on it alone.
#pragma once

#include "endpoints/context.hpp"
#include "http_server/exchange.hpp"

namespace wx::endpoints {

class WeatherEndpoint {
 public:
  explicit WeatherEndpoint(Context& context) : context_(context) {}

  void get(http_server::Exchange& exchange);
  // Purges one answer. Only for the bearer of the admin token (see admin.hpp).
  void del(http_server::Exchange& exchange);

 private:
  [[nodiscard]] bool is_forced(const http_server::Request& request) const;
  [[nodiscard]] weather::Asking asking(const http_server::Request& request, const weather::Question& question,
                                       bool forced);
  void refuse(http_server::Exchange& exchange, WeatherQuery& query, bool html);
  template <class Answer>
  void answer(Answer& answer, const cache::Served& served, bool mock, bool html);
  template <class Answer>
  void answer_json(Answer& answer, const cache::Served& served, bool mock, nanoseconds total);
  template <class Answer>
  void answer_html(Answer& answer, const cache::Served& served, bool mock);
  template <class Answer>
  void answer_error(Answer& answer, Error error, bool html);
  void count(const cache::Served& served, nanoseconds total);

  Context& context_;
};

}  // namespace wx::endpoints
