// Which address of the machine the start line shows.
#include "app/local_network.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace wx::app {
namespace {

using Addresses = std::vector<InterfaceAddress>;

TEST(LocalNetwork, PrefersThePrivateAddressOfARealInterface) {
  const Addresses all{{"lo", "127.0.0.1"},        {"eth1", "169.254.3.4"}, {"docker0", "172.17.0.1"},
                      {"br-41ab", "10.9.0.1"},    {"eth0", "203.0.113.9"}, {"wlan0", "192.168.1.5"},
                      {"virbr0", "192.168.122.1"}};
  EXPECT_EQ(choose_local_address(all), "192.168.1.5");
  EXPECT_EQ(choose_local_address(Addresses{{"eth0", "172.20.1.2"}, {"eth1", "10.1.2.3"}}), "10.1.2.3");
}

TEST(LocalNetwork, TakesAPublicAddressIfThereIsNoPrivateOne) {
  EXPECT_EQ(choose_local_address(Addresses{{"lo", "127.0.0.1"}, {"eth0", "203.0.113.9"}}), "203.0.113.9");
}

TEST(LocalNetwork, HasNoAddressWithoutANetwork) {
  EXPECT_EQ(choose_local_address(Addresses{{"lo", "127.0.0.1"}, {"docker0", "172.17.0.1"}, {"eth0", "169.254.1.1"}}),
            std::nullopt);
  EXPECT_EQ(choose_local_address(Addresses{{"eth0", "no address"}}), std::nullopt);
}

}  // namespace
}  // namespace wx::app
