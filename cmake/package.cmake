# The files that `make deb` packs and `cmake --install` installs.
include(GNUInstallDirs)
install(TARGETS weather-cache RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES deploy/systemd/weather-cache.service DESTINATION lib/systemd/system)
install(FILES docs/deploy/systemd.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
# An absolute path, because settings belong in /etc whatever the prefix. Only the owner may read it, since it may hold a
# password.
install(FILES deploy/debian/weather-cache.conf DESTINATION /etc/weather-cache PERMISSIONS OWNER_READ OWNER_WRITE)

# The program's licence, and on Debian also the notices of compiled-in libraries, which have a known place there.
install(CODE "if(EXISTS /etc/debian_version)
    execute_process(COMMAND \"${CMAKE_SOURCE_DIR}/scripts/copyright\"
      OUTPUT_FILE \"${CMAKE_BINARY_DIR}/copyright\" COMMAND_ERROR_IS_FATAL ANY)
  else()
    file(COPY_FILE \"${CMAKE_SOURCE_DIR}/LICENSE\" \"${CMAKE_BINARY_DIR}/copyright\")
  endif()")
install(FILES ${CMAKE_BINARY_DIR}/copyright DESTINATION ${CMAKE_INSTALL_DOCDIR})

# Debian's policy (12.7) requires a compressed changelog. gzip -n omits the time, so that the bytes are reproducible.
install(CODE "execute_process(COMMAND gzip -9nc \"${CMAKE_SOURCE_DIR}/CHANGELOG.md\"
  OUTPUT_FILE \"${CMAKE_BINARY_DIR}/changelog.gz\" COMMAND_ERROR_IS_FATAL ANY)")
install(FILES ${CMAKE_BINARY_DIR}/changelog.gz DESTINATION ${CMAKE_INSTALL_DOCDIR})

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME weather-cache)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "The weather-cache authors <weather-cache@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "cache in front of a slow, rate-limited weather API")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
  "weather-cache answers queries for the current weather from memory, from
 Redis, or from Open-Meteo. It loads each place once however many clients
 ask, serves stale answers if the provider fails, and says in its headers
 where an answer came from and how old it is.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION web)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "adduser, ca-certificates, init-system-helpers (>= 1.54~)")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "redis-server | valkey-server")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
  ${CMAKE_SOURCE_DIR}/deploy/debian/conffiles ${CMAKE_SOURCE_DIR}/deploy/debian/postinst
  ${CMAKE_SOURCE_DIR}/deploy/debian/prerm ${CMAKE_SOURCE_DIR}/deploy/debian/postrm)
include(CPack)
