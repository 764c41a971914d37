#include "observability/log_exception.hpp"

#include <gtest/gtest.h>

#include "support/memory_log.hpp"

namespace wx::observability {
namespace {

template <class Thrown>
void throw_and_log(test::MemoryLog& log, const Thrown& thrown) {
  try {
    throw thrown;
  } catch (...) {
    log_exception(log, "room", "something threw", {{"path", "/x"}});
  }
}

TEST(LogException, TellsTheTextAndThenTheOtherFields) {
  test::MemoryLog log;
  throw_and_log(log, std::runtime_error("why"));
  EXPECT_EQ(log.text(), "room: something threw what=why path=/x\n");
}

TEST(LogException, TakesAnythingThatIsThrown) {
  test::MemoryLog log;
  throw_and_log(log, 7);
  EXPECT_EQ(log.text(), "room: something threw what=not a std::exception path=/x\n");
}

TEST(LogException, SurvivesALogThatThrows) {
  test::MemoryLog log;
  log.fails = true;
  throw_and_log(log, std::runtime_error("why"));
  EXPECT_TRUE(log.contains("what=why"));
}

}  // namespace
}  // namespace wx::observability
