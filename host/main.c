/*
 * Joins the command line and the exit code; everything else is daemon/.
 * SPDX-License-Identifier: MIT
 */
#include <fcntl.h>
#include <unistd.h>

#include "daemon/options.h"

/* Were one of them closed, the next socket would take its number, and a peer would read our log. */
static void hold_standard_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

int main(int argc, char **argv)
{
	hold_standard_descriptors();
	return options_run(argc, argv);
}
