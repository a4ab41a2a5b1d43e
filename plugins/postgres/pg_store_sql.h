/*
 * The statements of pg_store.c; %1$s is the table, %2$s the channel. SPDX-License-Identifier: MIT
 */
#ifndef PG_STORE_SQL_H
#define PG_STORE_SQL_H

extern const char pg_store_sql_tables[], pg_store_sql_function[], pg_store_sql_begin[],
	pg_store_sql_keep[], pg_store_sql_recall_one[], pg_store_sql_recall[], pg_store_sql_fetch[],
	pg_store_sql_clean[];

#endif
