# A room is a folder src/<room> and a static library wx_<room> of all its source files. A room without a source file is
# an interface library.

# Standard headers precompiled once for every room.
file(WRITE ${CMAKE_BINARY_DIR}/pch/pch.cpp "")
add_library(wx_pch STATIC ${CMAKE_BINARY_DIR}/pch/pch.cpp)
wx_apply_options(wx_pch)
target_precompile_headers(wx_pch PRIVATE ${CMAKE_SOURCE_DIR}/cmake/pch.hpp)

function(wx_room name)
  cmake_parse_arguments(ARG "" "" "ROOMS;LINKS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*.cpp)
  set(libraries ${ARG_LINKS})
  foreach(room IN LISTS ARG_ROOMS)
    list(APPEND libraries wx_${room})
  endforeach()
  if(sources)
    add_library(wx_${name} STATIC ${sources})
    wx_apply_options(wx_${name})
    target_precompile_headers(wx_${name} REUSE_FROM wx_pch)
    target_link_libraries(wx_${name} PUBLIC ${libraries})
  else()
    add_library(wx_${name} INTERFACE)
    target_link_libraries(wx_${name} INTERFACE ${libraries})
  endif()
endfunction()
