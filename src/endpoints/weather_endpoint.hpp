// GET /weather answers with the current weather at a place, as JSON or HTML. DELETE /weather purges that answer.
//
// Thread: one per I/O thread; used only on that thread.
#pragma once

#include <string>
#include <vector>

#include "base/parse_cache.hpp"
#include "endpoints/context.hpp"
#include "endpoints/problem.hpp"
#include "http_server/exchange.hpp"

namespace wx::endpoints {

class WeatherEndpoint {
 public:
  // The parts of a query that its answer needs. They are kept while the request waits for a load, so that the query is
  // parsed only once. The views point into the request, which is valid until it is answered.
  struct Asked {
    SentCoordinates sent;
    cache::Mode mode = cache::Mode::normal;
    bool mock = false;
    bool html = false;
    bool negotiated = false;  // Accept has decided on `html`
  };

  explicit WeatherEndpoint(Context& context) : context_(context), known_(kKnownQueries, context.random.next()) {}

  void get(http_server::Exchange& exchange);
  // Purges one answer. Requires the admin token (see admin.hpp).
  void del(http_server::Exchange& exchange);

 private:
  // A valid query for JSON whose answer memory had.
  struct KnownQuery {
    std::string key;
    std::uint64_t hash = 0;
    bool mock = false;
    bool negotiated = false;
    [[nodiscard]] std::size_t memory() const { return key.capacity(); }
  };
  // The limit of bytes for known queries: some 2,000 places.
  static constexpr std::size_t kKnownQueries = std::size_t{512} << 10;

  // Answers without parsing the query, if the same query was answered from memory before, memory still has the answer,
  // and no field of the request asks for more than that. Else returns false.
  [[nodiscard]] bool answer_known(http_server::Exchange& exchange);
  [[nodiscard]] bool is_forced(const http_server::Request& request, std::optional<std::string_view> control) const;
  [[nodiscard]] SteadyTime deadline_of(const http_server::Request& request) const;
  // Whether CLIENT_LOADS or MOCK_LOADS limits the loads for this question.
  [[nodiscard]] bool is_limited(const weather::Question& question) const;
  // What the service asks before it loads for the client. Only if is_limited(). Error: the client may not even ask.
  [[nodiscard]] Result<weather::MayLoad> may_load(const http_server::Request& request,
                                                  const weather::Question& question, const weather::Key& key);
  [[nodiscard]] bool is_redis_down(const Error& error, const Asked& asked) const;
  void answer_and_refresh(http_server::Exchange& exchange, const cache::Served& served, const Asked& asked,
                          const weather::Question& question);
  // Sends a browser without scripts to the same question, with coordinates as the interface takes them.
  void redirect(http_server::Exchange& exchange, const Asked& asked, std::string_view query);
  void refuse(http_server::Exchange& exchange, const Asked& asked, std::vector<ParameterFault> faults);
  template <class Answer>
  void answer(Answer& answer, const cache::Served& served, const Asked& asked);
  template <class Answer>
  void answer_json(Answer& answer, const cache::Served& served, const Asked& asked, nanoseconds total);
  template <class Answer>
  void answer_html(Answer& answer, const cache::Served& served, const Asked& asked, nanoseconds total);
  template <class Answer>
  void answer_error(Answer& answer, Error error, const Asked& asked);
  // Answers with a problem. In HTML, the page keeps the submitted values in its form.
  template <class Answer>
  void respond_with_form(Answer& answer, Problem& problem, const Asked& asked);

  Context& context_;
  ParseCache<KnownQuery> known_;
};

}  // namespace wx::endpoints
