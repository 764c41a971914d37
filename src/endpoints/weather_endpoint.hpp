// GET /weather: a question in the query, the weather there as JSON or HTML.
//
// Thread: one per I/O thread, used on it alone.
#pragma once

#include <vector>

#include "endpoints/context.hpp"
#include "endpoints/problem.hpp"
#include "http_server/exchange.hpp"

namespace wx::endpoints {

class WeatherEndpoint {
 public:
  // The part of a question that its answer needs. It is kept while the request waits for a load, so that the query is
  // parsed once. The views point into the request, which lives until it is answered.
  struct Asked {
    SentCoordinates sent;
    cache::Mode mode = cache::Mode::normal;
    bool mock = false;
    bool html = false;
  };

  explicit WeatherEndpoint(Context& context) : context_(context) {}

  void get(http_server::Exchange& exchange);
  // Purges one answer. Only for the bearer of the admin token (see admin.hpp).
  void del(http_server::Exchange& exchange);

 private:
  [[nodiscard]] bool is_forced(const http_server::Request& request) const;
  [[nodiscard]] SteadyTime deadline_of(const http_server::Request& request) const;
  // The client's allowance of loads; empty where none is counted.
  [[nodiscard]] weather::MayLoad may_load(const http_server::Request& request, const weather::Question& question);
  void answer_and_refresh(http_server::Exchange& exchange, const cache::Served& served, const Asked& asked,
                          const weather::Question& question);
  void refuse(http_server::Exchange& exchange, const Asked& asked, std::vector<ParameterFault> faults);
  template <class Answer>
  void answer(Answer& answer, const cache::Served& served, const Asked& asked);
  template <class Answer>
  void answer_json(Answer& answer, const cache::Served& served, bool mock, nanoseconds total);
  template <class Answer>
  void answer_html(Answer& answer, const cache::Served& served, const Asked& asked, nanoseconds total);
  template <class Answer>
  void answer_error(Answer& answer, Error error, const Asked& asked);
  // Answers with a problem; as HTML, the page keeps what the visitor typed.
  template <class Answer>
  void respond_with_form(Answer& answer, Problem& problem, const Asked& asked);

  Context& context_;
};

}  // namespace wx::endpoints
