// Executor over an io_context that exactly one thread runs.
#pragma once

#include <memory>

#include "base/executor.hpp"

namespace boost::asio {
class io_context;
}

namespace wx {

// `context` must outlive the executor and all its timers.
[[nodiscard]] std::unique_ptr<Executor> make_asio_executor(boost::asio::io_context& context);

}  // namespace wx
