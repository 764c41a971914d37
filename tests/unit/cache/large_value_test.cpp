// Values that are too large for Redis.
#include "unit/cache/tiered_cache_fixture.hpp"

namespace wx::cache {
namespace {

class LargeValueTest : public TieredCacheTest {
 protected:
  Served ask(Mode mode, std::size_t size) {
    Answers answers;
    cache_->get(*thread_, lookup(mode), loader(), into(answers));
    complete(value(std::string(size, 'x')));
    EXPECT_EQ(answers.size(), 1U);
    EXPECT_TRUE(answers[0]);
    return *answers[0];
  }
  std::uint64_t too_large() { return metrics_.value(observability::Counter::cache_write_too_large); }
};

TEST_F(LargeValueTest, AreKeptInMemoryAloneAndTheirLeaseIsReleased) {
  cache(&remote_);
  const auto served = ask(Mode::normal, kLargestRemoteBody + 1);
  EXPECT_TRUE(served.stored);
  EXPECT_EQ(served.entry->body.size(), kLargestRemoteBody + 1);
  EXPECT_TRUE(peek().served);
  EXPECT_EQ(remote_.writes, 0);
  EXPECT_TRUE(fleet_.leases.empty());
  EXPECT_EQ(too_large(), 1U);
  EXPECT_EQ(metrics_.value(observability::Counter::cache_write_ok), 0U);
}

TEST_F(LargeValueTest, AreServedWithoutBeingKept) {
  cache(&remote_);
  EXPECT_FALSE(ask(Mode::redis_only, kLargestRemoteBody + 1).stored);
  EXPECT_EQ(remote_.writes, 0);
  EXPECT_TRUE(fleet_.leases.empty());
  EXPECT_TRUE(ask(Mode::redis_only, 10).stored);
}

TEST_F(LargeValueTest, BeginOneByteAboveAMebibyte) {
  cache(&remote_);
  ask(Mode::normal, std::size_t{1} << 20);
  EXPECT_EQ(remote_.writes, 1);
  EXPECT_EQ(too_large(), 0U);
}

TEST_F(LargeValueTest, DoNotWaitForAWriteThatIsNotMade) {
  CacheOptions options;
  options.write_wait = milliseconds(20);
  cache(&remote_, options);
  ask(Mode::normal, kLargestRemoteBody + 1);
  EXPECT_EQ(remote_.writes, 0);
}

}  // namespace
}  // namespace wx::cache
