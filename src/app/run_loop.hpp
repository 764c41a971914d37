// The loop of an I/O thread, and the last catch for exceptions.
#pragma once

#include "observability/log.hpp"

namespace boost::asio {
class io_context;
}

namespace wx::app {

// Runs the context until it is stopped or out of work. An exception that arrives here is a bug, since no handler below
// caught it: it is logged, the work that threw is lost, and the loop goes on.
void run_loop(boost::asio::io_context& context, observability::Log& log);

}  // namespace wx::app
