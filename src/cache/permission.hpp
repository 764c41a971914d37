// Limits what the clients of a cache may make it load.
//
// Thread-safety: see Loader.
#pragma once

#include <functional>

#include "base/error.hpp"
#include "cache/loader.hpp"

namespace wx::cache {

// Called before each load that a client causes, and returns what the load tells when it begins (see Begun). An error
// refuses this client only. Not called for a refresh, which is the cache's own doing. May be empty. (See
// LoadRequest::for_client.)
using MayLoad = std::move_only_function<Result<Begun>()>;

// The same loader, which asks `may_load` first, if that is not empty.
[[nodiscard]] Loader with_permission(Loader load, MayLoad may_load);

}  // namespace wx::cache
