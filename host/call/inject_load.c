/*
 * Spells what config/ has read as inject/ wants it: neither knows the other. Called by
 * generation.c. SPDX-License-Identifier: MIT
 */
#include "call/inject_load.h"

static void copy_docs(struct inject_rule *rule, const struct inject_conf *conf)
{
	rule->docs[INJECT_TITLE] = conf->title.text;
	rule->docs[INJECT_DESCRIPTION] = conf->description.text;
	rule->docs[INJECT_EXAMPLE] = conf->example.text;
	rule->docs[INJECT_DEPRECATED] = conf->deprecated.text;
	rule->docs[INJECT_INCLUDE_IN_DOCS] = conf->include_in_docs.text;
}

static struct texts texts_of(const struct conf_list *list)
{
	return (struct texts){list->items, list->count};
}

struct inject_rule *inject_load_rules(
	struct arena *arena, const struct inject_conf *conf, size_t count)
{
	static const enum inject_source sources[] = {
		[CONF_FROM_DEFAULT] = INJECT_DEFAULT,
		[CONF_FROM_PATH] = INJECT_PATH,
		[CONF_FROM_QUERY] = INJECT_QUERY,
		[CONF_FROM_HEADER] = INJECT_HEADER,
		[CONF_FROM_COOKIE] = INJECT_COOKIE,
		[CONF_FROM_CERTIFICATE] = INJECT_CERTIFICATE,
		[CONF_FROM_PROVIDER] = INJECT_PROVIDER,
	};
	struct inject_rule *rules = arena_alloc(arena, (count + 1) * sizeof(*rules));

	for (size_t i = 0; i < count; i++) {
		rules[i].field = conf[i].field.text;
		rules[i].place = conf[i].field.place;
		rules[i].source = sources[conf[i].from];
		rules[i].alias = conf[i].alias.text;
		rules[i].type = conf[i].type.text;
		rules[i].default_text = conf[i].default_value.text;
		rules[i].default_items = texts_of(&conf[i].default_items);
		rules[i].enum_values = texts_of(&conf[i].enum_values);
		rules[i].enum_place = conf[i].enum_values.place;
		rules[i].convert_underscores = conf[i].convert_underscores.text;
		rules[i].said.author = "the route";
		for (int key = 0; key < RULES_KEY_COUNT; key++) {
			rules[i].said.texts[key] = conf[i].said[key].text;
			rules[i].said.places[key] = conf[i].said[key].place;
		}
		rules[i].claim = conf[i].claim.text;
		rules[i].scopes = conf[i].scopes;
		rules[i].is_fresh = !conf[i].is_cached;
		copy_docs(&rules[i], &conf[i]);
	}
	return rules;
}
