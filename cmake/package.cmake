# What `make deb` packs, and what `cmake --install` puts in place.
include(GNUInstallDirs)
install(TARGETS weather-cache RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES deploy/systemd/weather-cache.service DESTINATION lib/systemd/system)
install(FILES docs/deploy/systemd.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
# An absolute path: it stands in /etc whatever the prefix. It may come to hold a password.
install(FILES deploy/debian/weather-cache.conf DESTINATION /etc/weather-cache PERMISSIONS OWNER_READ OWNER_WRITE)

# Our licence, and the notices of what is compiled in: Debian has them at a known place, elsewhere ours is at hand.
install(CODE "if(EXISTS /etc/debian_version)
    execute_process(COMMAND \"${CMAKE_SOURCE_DIR}/scripts/copyright\"
      OUTPUT_FILE \"${CMAKE_BINARY_DIR}/copyright\" COMMAND_ERROR_IS_FATAL ANY)
  else()
    file(COPY_FILE \"${CMAKE_SOURCE_DIR}/LICENSE\" \"${CMAKE_BINARY_DIR}/copyright\")
  endif()")
install(FILES ${CMAKE_BINARY_DIR}/copyright DESTINATION ${CMAKE_INSTALL_DOCDIR})

# Debian's policy (12.7) wants the changelog compressed; without a time in it, it is the same bytes each time.
install(CODE "execute_process(COMMAND gzip -9nc \"${CMAKE_SOURCE_DIR}/CHANGELOG.md\"
  OUTPUT_FILE \"${CMAKE_BINARY_DIR}/changelog.gz\" COMMAND_ERROR_IS_FATAL ANY)")
install(FILES ${CMAKE_BINARY_DIR}/changelog.gz DESTINATION ${CMAKE_INSTALL_DOCDIR})

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME weather-cache)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "The weather-cache authors <weather-cache@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "cache in front of a slow, rate-limited weather API")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
  "weather-cache answers questions about the weather from memory, from Redis,
 or from Open-Meteo: cache-aside with one load per place however many ask,
 stale answers when the provider fails, and honest headers about where an
 answer came from and how old it is.")
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
