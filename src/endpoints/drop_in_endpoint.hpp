// The provider's own paths: GET answers with the provider's bytes, from the cache. DELETE purges that answer.
//
// Thread: one per I/O thread; used only on that thread.
#pragma once

#include <string_view>

#include "base/parse_cache.hpp"
#include "drop_in/service.hpp"
#include "endpoints/context.hpp"
#include "endpoints/problem.hpp"
#include "http_server/router.hpp"

namespace wx::endpoints {

class DropInEndpoint {
 public:
  // `service` must outlive the endpoint.
  DropInEndpoint(Context& context, drop_in::Service& service)
      : context_(context), service_(service), known_(kKnownTargets, context.random.next()) {}

  [[nodiscard]] http_server::Mount mount();

 private:
  // The key of a target whose answer memory had.
  struct KnownTarget {
    drop_in::Key key;
    [[nodiscard]] std::size_t memory() const { return key.text.capacity() + key.question.capacity(); }
  };
  // The limit of bytes for known targets.
  static constexpr std::size_t kKnownTargets = std::size_t{1} << 20;

  void handle(http_server::Exchange& exchange);
  // Answers without reading the question, if the same target was answered from memory before, memory still has the
  // answer, and no field of the request asks for more than that. Else returns false.
  [[nodiscard]] bool answer_known(http_server::Exchange& exchange);
  void get(http_server::Exchange& exchange, const open_meteo::Question& question);
  void del(http_server::Exchange& exchange, const open_meteo::Question& question);
  void refuse(http_server::Exchange& exchange, ErrorKind kind, std::string_view detail);

  // Whether this process has caused the request itself.
  [[nodiscard]] bool is_own(const http_server::Request& request) const;
  // Why the request gets no answer, whatever its question.
  [[nodiscard]] std::optional<Error> refusal_of(const http_server::Request& request,
                                                const open_meteo::Question& question) const;
  // Sets representation_ for an answer.
  void describe(const cache::Entry& entry, bool gzip);
  void answer_and_refresh(http_server::Exchange& exchange, const cache::Served& served,
                          const open_meteo::Question& question, const drop_in::Key& key, const drop_in::Asker& asker);
  template <class Answer>
  void answer(Answer& answer, const cache::Served& served, const drop_in::Key& key);
  template <class Answer>
  void answer_error(Answer& answer, Error error);

  Context& context_;
  drop_in::Service& service_;
  ParseCache<KnownTarget> known_;
  std::string representation_;  // the lines of the current answer; kept for its capacity
};

}  // namespace wx::endpoints
