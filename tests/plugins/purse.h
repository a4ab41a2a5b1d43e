/* The struct that lender gives and sharer takes. SPDX-License-Identifier: MIT */
#ifndef TESTS_PURSE_H
#define TESTS_PURSE_H

struct purse {
	int coins;
	int takers;
};

#endif
