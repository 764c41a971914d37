#include "cache/waiter.hpp"

#include "observability/log_exception.hpp"

namespace wx::cache {

void answer_caller(GetCallback done, Result<Served>&& result, observability::Log& log) {
  try {
    done(std::move(result));
  } catch (...) {
    observability::log_exception(log, "cache", "an exception in the callback of a lookup");
  }
}

void Waiter::answer(Result<Served>&& result) {
  if (std::exchange(answered, true)) return;
  if (ticket) thread.deadlines().cancel(*ticket);
  ticket.reset();
  answer_caller(std::move(done), std::move(result), log);
}

void AnsweredWaiters::answer(const CacheThread& here) const {
  for (const auto& [waiter, loader, leader] : waiters) {
    const auto& decided = leader ? for_leader : for_others;
    Result<Served> result = decided ? *decided : fail(ErrorKind::internal);
    if (&waiter->thread == &here) {
      waiter->answer(std::move(result));
    } else {
      waiter->thread.executor().post(
          [waiter, result = std::move(result)]() mutable { waiter->answer(std::move(result)); });
    }
  }
}

}  // namespace wx::cache
