# Embeds the page's files as C++ at build time, with hashed names, gzip and brotli forms, and texts (web/embed.py).
find_package(Python3 3.9 REQUIRED COMPONENTS Interpreter)
find_program(WX_BROTLI brotli)
if(NOT WX_BROTLI)
  message(FATAL_ERROR "The program brotli is missing. Install the package brotli; `make build` does so.")
endif()
file(GLOB web_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/web/*)
set(web_tables ${CMAKE_BINARY_DIR}/generated/web_tables.cpp)
add_custom_command(OUTPUT ${web_tables}
  COMMAND Python3::Interpreter ${CMAKE_SOURCE_DIR}/web/embed.py ${web_tables}
  DEPENDS ${web_sources}
  COMMENT "Embedding the page" VERBATIM)
target_sources(wx_web PRIVATE ${web_tables})
