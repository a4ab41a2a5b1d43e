/*
 * The keys of injected fields and of providers, rows as in keys.h, which includes this.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CONFIG_INJECT_KEYS_H
#define SOCKLET_CONFIG_INJECT_KEYS_H

#define INJECT_KEYS(ROW)                                                                           \
	ROW(from, source, from, NULL, NULL, NULL,                                                  \
		"`path`, `query`, `header`, `cookie`, `certificate` or `provider`; without it "    \
		"by the convention")                                                               \
	ROW(alias, text, alias, NULL, NULL, NULL,                                                  \
		"the name at the source, when it is not the field's own")                          \
	ROW(type, inject_type, type, NULL, NULL, NULL,                                             \
		"the type the plugin's field must have; another one is reported at load")          \
	ROW(default, default, default_value, NULL, NULL, NULL,                                     \
		"the value when the request has none; not for path and provider")                  \
	ROW(enum, choices, enum_values, NULL, NULL, NULL, "of a text or an enum: one of these")    \
	ROW(min_items, item_count, said[RULES_MIN_ITEMS], NULL, NULL, NULL,                        \
		"of a list: at least so many")                                                     \
	ROW(max_items, item_count, said[RULES_MAX_ITEMS], NULL, NULL, NULL,                        \
		"of a list: at most so many")                                                      \
	ROW(gt, bound, said[RULES_GT], NULL, NULL, NULL, "greater than this")                      \
	ROW(ge, bound, said[RULES_GE], NULL, NULL, NULL, "greater than or equal to this")          \
	ROW(lt, bound, said[RULES_LT], NULL, NULL, NULL, "less than this")                         \
	ROW(le, bound, said[RULES_LE], NULL, NULL, NULL, "less than or equal to this")             \
	ROW(multiple_of, bound, said[RULES_MULTIPLE_OF], NULL, NULL, NULL, "a multiple of this")   \
	ROW(allow_inf_nan, truth, said[RULES_ALLOW_INF_NAN], NULL, NULL, NULL,                     \
		"of a float: `false` refuses inf and nan")                                         \
	ROW(min_length, length, said[RULES_MIN_LENGTH], NULL, NULL, NULL,                          \
		"of a text: at least so many")                                                     \
	ROW(max_length, length, said[RULES_MAX_LENGTH], NULL, NULL, NULL,                          \
		"of a text: at most so many")                                                      \
	ROW(pattern, text, said[RULES_PATTERN], NULL, NULL, NULL,                                  \
		"of a text: a Perl regular expression that is found in it; `^` and `$` "           \
		"tie it to the ends")                                                              \
	ROW(convert_underscores, truth, convert_underscores, NULL, NULL, NULL,                     \
		"of a header: `false` keeps `_` in the field's name as it is")                     \
	ROW(cache, flag, is_cached, NULL, NULL, NULL,                                              \
		"of a provider: `false` calls it for this field alone")                            \
	ROW(claim, text, claim, NULL, NULL, NULL, "of a built-in provider: which claim")           \
	ROW(scopes, scopes, scopes, NULL, NULL, NULL,                                              \
		"of a provider: the security scopes that this field asks for")                     \
	ROW(title, any_text, title, NULL, NULL, NULL, "documentation: a short name for people")    \
	ROW(description, any_text, description, NULL, NULL, NULL, "documentation: what it is for") \
	ROW(example, any_text, example, NULL, NULL, NULL,                                          \
		"documentation: a value that could be sent")                                       \
	ROW(deprecated, truth, deprecated, NULL, NULL, NULL,                                       \
		"documentation: whether it should no longer be sent")                              \
	ROW(include_in_docs, truth, include_in_docs, NULL, NULL, NULL,                             \
		"documentation: whether the field is to be described at all")

/* Or else one of security_keys.h. */
#define PROVIDER_KEYS(ROW)                                                                     \
	ROW(plugin, plugin, plugin, NULL, NULL, NULL,                                          \
		"the plugin that has the provider; this, or one of the sections below")        \
	ROW(function, text, function, NULL, NULL, NULL,                                        \
		"the name of the provider in the plugin, when it is not the entry's own")      \
	ROW(inject, provider_inject, inject, NULL, NULL, NULL,                                 \
		"with `plugin`: where the provider's own fields come from, as in a route")     \
	ROW(scope, scope, scope, NULL, NULL, NULL,                                             \
		"how long a result lives: `connection`, `handshake` or `message`; without it " \
		"the plugin's word counts")                                                    \
	ROW(timeout, duration, timeout_ms, "5s", "1ms", "365d",                                \
		"the longest wait for a provider that answers later, then 504 (or 1011)")      \
	ROW(all_routes, flag, all_routes, NULL, NULL, NULL,                                    \
		"`true` calls it for every route with a plugin, before all others")

#define ATTACHED_KEYS(ROW)                                                  \
	ROW(name, text, name, NULL, NULL, NULL, "which provider; required") \
	ROW(scopes, scopes, scopes, NULL, NULL, NULL, "the security scopes that the route asks for")

#endif
