/*
 * What sources are called, in complaints, reports and errors for peers. SPDX-License-Identifier:
 * MIT
 */
#include "inject/inject_rule.h"

const char *inject_source_name(enum inject_source source)
{
	static const char *const names[] = {
		[INJECT_DEFAULT] = "path or query",
		[INJECT_PATH] = "path",
		[INJECT_QUERY] = "query",
		[INJECT_HEADER] = "header",
		[INJECT_COOKIE] = "cookie",
		[INJECT_CERTIFICATE] = "certificate",
		[INJECT_PROVIDER] = "provider",
		[INJECT_CLAIM] = "claim",
	};

	return names[source];
}
