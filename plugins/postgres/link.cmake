# What this plugin needs beside the C library; without libpq it is left out, and all else is built.
pkg_check_modules(PQ IMPORTED_TARGET libpq)
if(PQ_FOUND)
	target_link_libraries(plugin_postgres PRIVATE PkgConfig::PQ PkgConfig::EVENT PkgConfig::SSL
		PkgConfig::CRYPTO ${CMAKE_DL_LIBS})
else()
	message(STATUS "plugins/postgres is left out: no libpq (Debian: libpq-dev)")
	set_target_properties(plugin_postgres PROPERTIES EXCLUDE_FROM_ALL ON)
endif()
