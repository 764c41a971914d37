#include "app/run_loop.hpp"

#include <stdexcept>

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "support/memory_log.hpp"

namespace wx::app {
namespace {

TEST(RunLoop, LogsAnExceptionAndGoesOn) {
  boost::asio::io_context context;
  test::MemoryLog log;
  bool ran = false;
  boost::asio::post(context, [] { throw std::runtime_error("boom"); });
  boost::asio::post(context, [] { throw 7; });
  boost::asio::post(context, [&ran] { ran = true; });
  run_loop(context, log);
  EXPECT_TRUE(ran);
  EXPECT_EQ(log.count("an exception reached the I/O thread's loop what=boom"), 1) << log.text();
  EXPECT_EQ(log.count("what=not a std::exception"), 1) << log.text();
}

TEST(RunLoop, EndsWhenItIsStopped) {
  boost::asio::io_context context;
  test::MemoryLog log;
  boost::asio::post(context, [&context] {
    context.stop();
    throw std::runtime_error("the last one");
  });
  run_loop(context, log);
  EXPECT_TRUE(log.contains("the last one"));
}

}  // namespace
}  // namespace wx::app
