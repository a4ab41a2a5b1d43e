# What this plugin needs beside the C library. Without hiredis it is not built, and all else is.
pkg_check_modules(HIREDIS QUIET IMPORTED_TARGET hiredis)
if(HIREDIS_FOUND)
	target_link_libraries(plugin_redis PRIVATE PkgConfig::HIREDIS PkgConfig::EVENT PkgConfig::SSL
		PkgConfig::CRYPTO Threads::Threads)
else()
	message(STATUS "plugins/redis is not built: no hiredis (Debian: libhiredis-dev)")
	set_target_properties(plugin_redis PROPERTIES EXCLUDE_FROM_ALL TRUE)
endif()
