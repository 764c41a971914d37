#include "endpoints/may_load.hpp"

#include <string>
#include <utility>

namespace wx::endpoints {

cache::MayLoad may_load_for(Context& context, const http_server::Request& request) {
  if (!context.limits.loads.enabled()) return {};
  return [&context, client = std::string(client_of(context, request))]() -> Result<cache::Begun> {
    auto reserved = context.limits.loads.reserve(client, context.clock.steady());
    if (!reserved) return std::unexpected(std::move(reserved.error()));
    return [reservation = *std::move(reserved)]() mutable { reservation.keep(); };
  };
}

}  // namespace wx::endpoints
