# What this plugin needs beside the C library. Without libpq it is not built, and all else is.
pkg_check_modules(PQ QUIET IMPORTED_TARGET libpq)
if(PQ_FOUND)
	target_link_libraries(plugin_postgres PRIVATE PkgConfig::PQ PkgConfig::EVENT PkgConfig::SSL
		PkgConfig::CRYPTO Threads::Threads ${CMAKE_DL_LIBS})
else()
	message(STATUS "plugins/postgres is not built: no libpq (Debian: libpq-dev)")
	set_target_properties(plugin_postgres PROPERTIES EXCLUDE_FROM_ALL TRUE)
endif()
