# All dependencies come from the distribution's packages (scripts/install-packages lists them).
find_package(Boost 1.81 REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(CURL REQUIRED)
find_package(ZLIB REQUIRED)
find_package(simdjson REQUIRED)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)

# Third-party headers are SYSTEM, so that their warnings do not appear.
add_library(wx_asio INTERFACE)
target_include_directories(wx_asio SYSTEM INTERFACE ${Boost_INCLUDE_DIRS})
target_compile_definitions(wx_asio INTERFACE BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_BOOST_COROUTINE)
target_link_libraries(wx_asio INTERFACE Threads::Threads OpenSSL::SSL)
add_library(wx::asio ALIAS wx_asio)

add_library(wx_spdlog INTERFACE)
target_link_libraries(wx_spdlog INTERFACE spdlog::spdlog)
add_library(wx::spdlog ALIAS wx_spdlog)

# The package configuration of prometheus-cpp also requires its web server; only the core library is needed.
find_library(WX_PROMETHEUS_CORE prometheus-cpp-core REQUIRED)
find_path(WX_PROMETHEUS_INCLUDE prometheus/collectable.h REQUIRED)
add_library(wx_prometheus INTERFACE)
target_include_directories(wx_prometheus SYSTEM INTERFACE ${WX_PROMETHEUS_INCLUDE})
target_link_libraries(wx_prometheus INTERFACE ${WX_PROMETHEUS_CORE})
add_library(wx::prometheus ALIAS wx_prometheus)

# libxxhash has no package configuration in Debian.
find_library(WX_XXHASH xxhash REQUIRED)
find_path(WX_XXHASH_INCLUDE xxhash.h REQUIRED)
add_library(wx_xxhash INTERFACE)
target_include_directories(wx_xxhash SYSTEM INTERFACE ${WX_XXHASH_INCLUDE})
target_link_libraries(wx_xxhash INTERFACE ${WX_XXHASH})
add_library(wx::xxhash ALIAS wx_xxhash)
