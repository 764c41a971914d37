// An I/O thread's life: its loop, and the last catch for what runs on it.
#pragma once

#include "observability/log.hpp"

namespace boost::asio {
class io_context;
}

namespace wx::app {

// Runs the context until it is stopped or out of work. An exception that reaches this is a bug which no handler below
// has caught: it is logged, its work is lost, and the loop goes on.
void run_loop(boost::asio::io_context& context, observability::Log& log);

}  // namespace wx::app
