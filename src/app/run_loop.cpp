#include "app/run_loop.hpp"

#include <boost/asio/io_context.hpp>

#include "observability/log_exception.hpp"

namespace wx::app {

void run_loop(boost::asio::io_context& context, observability::Log& log) {
  while (!context.stopped()) {
    try {
      context.run();
    } catch (...) {
      observability::log_exception(log, "app", "an exception reached the I/O thread's loop");
    }
  }
}

}  // namespace wx::app
