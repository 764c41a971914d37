// Which address of the machine the start line shows.
#include "app/local_network.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace wx::app {
namespace {

using Addresses = std::vector<InterfaceAddress>;

struct Case {
  const char* name;
  Addresses addresses;
  std::string route_source;
  std::optional<std::string> shown;
};

class LocalNetwork : public testing::TestWithParam<Case> {};

TEST_P(LocalNetwork, ShowsOneAddressOrNone) {
  EXPECT_EQ(choose_local_address(GetParam().addresses, GetParam().route_source), GetParam().shown);
}

const std::vector<Case> kWithARoute{
    {"virtual_machines", {{"vboxnet0", "192.168.56.1"}, {"wlan0", "10.1.2.3"}}, "10.1.2.3", "10.1.2.3"},
    {"unknown_virtual_network", {{"new0", "192.168.9.1"}, {"wlan0", "10.1.2.3"}}, "10.1.2.3", "10.1.2.3"},
    {"real_bridge", {{"eth0", "192.168.7.1"}, {"br-lan", "10.1.2.3"}}, "10.1.2.3", "10.1.2.3"},
    {"public_address", {{"eth1", "10.1.2.3"}, {"eth0", "203.0.113.9"}}, "203.0.113.9", "203.0.113.9"},
    {"tunnel", {{"docker0", "172.17.0.1"}, {"wlan0", "10.1.2.3"}}, "10.8.0.2", "10.1.2.3"},
    {"link_local", {{"eth0", "169.254.3.4"}, {"wlan0", "10.1.2.3"}}, "169.254.3.4", "10.1.2.3"},
    {"loopback", {{"lo", "127.0.0.1"}}, "127.0.0.1", std::nullopt}};

const std::vector<Case> kWithoutARoute{
    {"private_first",
     {{"lo", "127.0.0.1"},
      {"eth1", "169.254.3.4"},
      {"docker0", "172.17.0.1"},
      {"br-41ab", "10.9.0.1"},
      {"eth0", "203.0.113.9"},
      {"wlan0", "192.168.1.5"},
      {"virbr0", "192.168.122.1"}},
     "",
     "192.168.1.5"},
    {"homes_first", {{"eth0", "172.20.1.2"}, {"eth1", "10.1.2.3"}}, "", "10.1.2.3"},
    {"public_if_alone", {{"lo", "127.0.0.1"}, {"eth0", "203.0.113.9"}}, "", "203.0.113.9"},
    {"virtual_machines", {{"vboxnet0", "192.168.56.1"}, {"wlan0", "10.1.2.3"}}, "", "10.1.2.3"},
    {"only_virtual",
     {{"vboxnet0", "192.168.56.1"},
      {"vmnet8", "192.168.57.1"},
      {"lxdbr0", "10.2.0.1"},
      {"lxcbr0", "10.3.0.1"},
      {"incusbr0", "10.4.0.1"},
      {"flannel.1", "10.5.0.0"},
      {"cni0", "10.6.0.1"},
      {"cali12ab", "10.7.0.1"},
      {"cilium_host", "10.8.0.1"},
      {"vnet0", "10.9.0.1"}},
     "",
     std::nullopt},
    {"no_network", {{"lo", "127.0.0.1"}, {"docker0", "172.17.0.1"}, {"eth0", "169.254.1.1"}}, "", std::nullopt},
    {"no_address", {{"eth0", "no address"}}, "", std::nullopt}};

constexpr auto kName = [](const auto& info) { return std::string(info.param.name); };

INSTANTIATE_TEST_SUITE_P(WithARoute, LocalNetwork, testing::ValuesIn(kWithARoute), kName);
INSTANTIATE_TEST_SUITE_P(WithoutARoute, LocalNetwork, testing::ValuesIn(kWithoutARoute), kName);

}  // namespace
}  // namespace wx::app
