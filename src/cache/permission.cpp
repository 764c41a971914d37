#include "cache/permission.hpp"

#include <utility>

namespace wx::cache {

Loader with_permission(Loader load, MayLoad may_load) {
  if (!may_load) return load;
  return [load = std::move(load), may_load = std::move(may_load)](LoadRequest request, LoadCallback done) mutable {
    if (request.for_client) {
      auto allowed = may_load();
      if (!allowed) return done(std::unexpected(std::move(allowed.error())));
      request.begun = *std::move(allowed);
    }
    load(std::move(request), std::move(done));
  };
}

}  // namespace wx::cache
