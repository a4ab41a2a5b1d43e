# What this plugin needs beside the C library; without libnats it is left out, and all else is built.
pkg_check_modules(NATS IMPORTED_TARGET libnats)
if(NATS_FOUND)
	target_link_libraries(plugin_nats PRIVATE PkgConfig::NATS PkgConfig::EVENT ${CMAKE_DL_LIBS}
		Threads::Threads)
else()
	message(STATUS "plugins/nats is left out: no libnats (Debian: libnats-dev)")
	set_target_properties(plugin_nats PROPERTIES EXCLUDE_FROM_ALL ON)
endif()
