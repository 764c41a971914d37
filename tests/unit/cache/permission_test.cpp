#include "cache/permission.hpp"

#include <optional>
#include <utility>

#include <gtest/gtest.h>

namespace wx::cache {
namespace {

class Permission : public testing::Test {
 protected:
  // What the loader saw, and what came back.
  void load(bool for_client, MayLoad may_load) {
    auto loader = with_permission(
        [this](LoadRequest request, LoadCallback done) {
          ++loads_;
          if (request.begun) request.begun();
          done(Loaded{});
        },
        std::move(may_load));
    LoadRequest request;
    request.for_client = for_client;
    loader(std::move(request), [this](Result<Loaded> result) { result_ = std::move(result); });
  }
  MayLoad allow() {
    return [this]() -> Result<Begun> {
      ++asked_;
      return Begun([this] { ++begun_; });
    };
  }
  MayLoad refuse() {
    return [this]() -> Result<Begun> {
      ++asked_;
      return std::unexpected(Error{.kind = ErrorKind::client_limited});
    };
  }

  int asked_ = 0;
  int begun_ = 0;
  int loads_ = 0;
  std::optional<Result<Loaded>> result_;
};

TEST_F(Permission, IsAskedForALoadOfAClient) {
  load(true, allow());
  EXPECT_EQ(asked_, 1);
  EXPECT_EQ(loads_, 1);
  EXPECT_EQ(begun_, 1) << "the load tells when it begins";
  EXPECT_TRUE(result_.value().has_value());
}

TEST_F(Permission, StopsTheLoadIfItIsRefused) {
  load(true, refuse());
  EXPECT_EQ(asked_, 1);
  EXPECT_EQ(loads_, 0);
  ASSERT_FALSE(result_.value().has_value());
  EXPECT_EQ(result_->error().kind, ErrorKind::client_limited);
}

TEST_F(Permission, IsNotAskedForTheCachesOwnLoads) {
  load(false, refuse());
  EXPECT_EQ(asked_, 0);
  EXPECT_EQ(loads_, 1);
  EXPECT_EQ(begun_, 0);
}

TEST_F(Permission, IsNotNeededWhereNothingIsLimited) {
  load(true, nullptr);
  EXPECT_EQ(loads_, 1);
}

}  // namespace
}  // namespace wx::cache
