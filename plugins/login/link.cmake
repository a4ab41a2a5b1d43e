# What this plugin needs beside the C library.
target_link_libraries(plugin_login PRIVATE PkgConfig::CRYPTO)
