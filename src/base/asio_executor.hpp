// Executor over an io_context that exactly one thread runs.
#pragma once

#include <functional>
#include <memory>

#include "base/executor.hpp"

namespace boost::asio {
class io_context;
}

namespace wx {

// Called in the catch block for an exception that posted work or a timer's callback let out, on the executor's thread.
// Must not throw.
using OnException = std::function<void()>;

// `context` must outlive the executor and all its timers, and the executor whatever runs on it. Without `on_exception`,
// exceptions leave the context's run().
[[nodiscard]] std::unique_ptr<Executor> make_asio_executor(boost::asio::io_context& context,
                                                           OnException on_exception = nullptr);

}  // namespace wx
