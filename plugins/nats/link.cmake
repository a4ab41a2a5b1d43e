# What this plugin needs beside the C library. Without libnats it is not built, and all else is.
pkg_check_modules(NATS QUIET IMPORTED_TARGET libnats)
if(NATS_FOUND)
	target_link_libraries(plugin_nats PRIVATE PkgConfig::NATS PkgConfig::EVENT ${CMAKE_DL_LIBS}
		Threads::Threads)
else()
	message(STATUS "plugins/nats is not built: no libnats (Debian: libnats-dev)")
	set_target_properties(plugin_nats PROPERTIES EXCLUDE_FROM_ALL TRUE)
endif()
