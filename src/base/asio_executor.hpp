// Executor over an io_context that exactly one thread runs.
#pragma once

#include <functional>
#include <memory>

#include "base/executor.hpp"

namespace boost::asio {
class io_context;
}

namespace wx {

// Called when posted work or a timer's callback throws: on the executor's thread, inside the catch block, so that
// std::current_exception() is available. Must not throw.
using OnException = std::function<void()>;

// `context` must outlive the executor and its timers; the executor must outlive all work that still runs on it. Without
// `on_exception`, an exception propagates out of context.run().
[[nodiscard]] std::unique_ptr<Executor> make_asio_executor(boost::asio::io_context& context,
                                                           OnException on_exception = nullptr);

}  // namespace wx
