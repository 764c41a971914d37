# Compiler, language, sanitizers, ccache. docs/decisions/0002-compiler.md says why g++ 12 is rejected.
set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

option(WX_TESTS "Build the tests" ON)
option(WX_FUZZ "Build the libFuzzer targets (clang only)" OFF)
option(WX_BENCH "Build the benchmarks" OFF)
option(WX_WERROR "Treat warnings as errors" OFF)
set(WX_SANITIZE "" CACHE STRING "Sanitizers to build with, as for -fsanitize=")

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  message(FATAL_ERROR "g++ ${CMAKE_CXX_COMPILER_VERSION} miscompiles coroutines; use g++ 13 or later, or clang++ 19 "
                      "(on Debian 12: CXX=clang++-19). `make run` chooses a suitable compiler.")
elseif(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 19)
  message(FATAL_ERROR "clang++ ${CMAKE_CXX_COMPILER_VERSION} is too old; use clang++ 19 or later, or g++ 13 or later.")
endif()

# ccache, if present. With precompiled headers it needs these sloppiness settings to find anything in its cache.
find_program(WX_CCACHE ccache)
if(WX_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${WX_CCACHE})
endif()

add_library(wx_options INTERFACE)
target_compile_options(wx_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_compile_options(wx_options INTERFACE "SHELL:-Xclang -fno-pch-timestamp")
  # Access to a guarded member without its Mutex (base/mutex.hpp) is an error in every build, even without WX_WERROR.
  target_compile_options(wx_options INTERFACE -Wthread-safety -Werror=thread-safety)
endif()
if(WX_WERROR)
  target_compile_options(wx_options INTERFACE -Werror)
endif()
if(WX_SANITIZE)
  target_compile_options(wx_options INTERFACE -fsanitize=${WX_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all -g1)
  target_link_options(wx_options INTERFACE -fsanitize=${WX_SANITIZE})
endif()
find_package(Threads REQUIRED)
target_link_libraries(wx_options INTERFACE Threads::Threads)

function(wx_apply_options target)
  target_link_libraries(${target} PRIVATE wx_options)
  target_include_directories(${target} PRIVATE ${CMAKE_SOURCE_DIR}/src)
endfunction()
