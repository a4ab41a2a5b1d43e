/*
 * H is a hash: order (16 digits), run (of the server that gave it), last (number), bytes, forgotten
 * (up to there topics that are not in H:gone may have had messages). H:log is the stream of all
 * that is kept, an entry's ID its number; H:of:ORDER:TOPIC has the numbers of a topic, each as
 * "number:bytes:end", the end being the time at which it is too old, or 0. H:gone has the highest
 * number of each topic that is not there any more, H:empty those of topics that have nothing.
 * H:from:ORIGIN is the last sequence of a worker. Topics that have nothing go first when bytes are
 * short, as of them only the name is lost; then messages, the oldest of all first. Called by
 * redis_store.c. SPDX-License-Identifier: MIT
 */
#include "redis_scripts.h"

/* Shared by all: times, numbers, and the beginning of an order; 0 is no position of it. */
#define COMMON                                                                                     \
	"local H = KEYS[1]\n"                                                                      \
	"local function text(n) return string.format('%.0f', n) end\n"                             \
	"local function id(n) return text(n) .. '-0' end\n"                                        \
	"local function now()\n"                                                                   \
	"  local t = redis.call('TIME')\n"                                                         \
	"  return t[1] * 1000 + math.floor(t[2] / 1000)\n"                                         \
	"end\n"                                                                                    \
	"local function begin(run, order)\n"                                                       \
	"  local m = redis.call('HMGET', H, 'order', 'last', 'bytes', 'forgotten')\n"              \
	"  if m[1] then return m[1], tonumber(m[2]), tonumber(m[3]), tonumber(m[4]) end\n"         \
	"  redis.call('DEL', H .. ':log', H .. ':gone', H .. ':empty')\n"                          \
	"  redis.call('HSET', H, 'order', order, 'run', run, 'last', 1, 'bytes', 0, 'forgotten', " \
	"0)\n"                                                                                     \
	"  return order, 1, 0, 0\n"                                                                \
	"end\n"

/*
 * ARGV: run, whether the server keeps what it was told over a restart. One that does may have lost
 * the last moment, whose numbers somebody has seen: they are not given again. Of another one
 * nothing that it still has can be trusted to be all: a new order begins.
 */
const char redis_script_open[] = COMMON
	"local m = redis.call('HMGET', H, 'run', 'order')\n"
	"if not m[2] or m[1] == ARGV[1] then return 0 end\n"
	"if ARGV[2] == '1' then\n"
	"  redis.call('HSET', H, 'run', ARGV[1])\n"
	"  redis.call('HINCRBY', H, 'last', 1000000)\n"
	"  return 1\n"
	"end\n"
	"for _, topic in ipairs(redis.call('ZRANGE', H .. ':gone', 0, -1)) do\n"
	"  redis.call('DEL', H .. ':of:' .. m[2] .. ':' .. topic)\n"
	"end\n"
	"redis.call('DEL', H, H .. ':log', H .. ':gone', H .. ':empty')\n"
	"return 2\n";

/*
 * ARGV: run, an order if there is none, channel, topic, head and data, origin, its sequence, the
 * one that was sent before it (0: none), then how many messages, milliseconds (0: no end) and
 * bytes. No messages: a gap.
 */
const char redis_script_keep[] = COMMON
	"local channel, topic, payload = ARGV[3], ARGV[4], ARGV[5]\n"
	"local from, sequence, before = H .. ':from:' .. ARGV[6], tonumber(ARGV[7]), "
	"tonumber(ARGV[8])\n"
	"local most, time, room = tonumber(ARGV[9]), tonumber(ARGV[10]), tonumber(ARGV[11])\n"
	"local log, gone, empty = H .. ':log', H .. ':gone', H .. ':empty'\n"
	"local known = tonumber(redis.call('GET', from) or '0')\n"
	"if known >= sequence then return 0 end\n"
	"if known > 0 and known < before then\n"
	"  return redis.error_reply('SOCKLET one before it is missing')\n"
	"end\n"
	"redis.call('SET', from, text(sequence), 'PX', 86400000)\n"
	"local order, last, bytes, forgotten = begin(ARGV[1], ARGV[2])\n"
	"local n, t = last + 1, now()\n"
	"local function of(name) return H .. ':of:' .. order .. ':' .. name end\n"
	"local function cost(name, data) return #name + #data + 200 end\n"
	"local function lose(name, number)\n"
	"  local score = redis.call('ZSCORE', gone, name)\n"
	"  if not score or tonumber(score) < number then\n"
	"    redis.call('ZADD', gone, text(number), name)\n"
	"  end\n"
	"end\n"
	/* The first of a topic goes; its bytes are in its place in the topic's list. */
	"local function drop(name, place)\n"
	"  local number, size = string.match(place, '^(%d+):(%d+):')\n"
	"  redis.call('ZREM', of(name), place)\n"
	"  redis.call('XDEL', log, number .. '-0')\n"
	"  lose(name, tonumber(number))\n"
	"  bytes = bytes - tonumber(size)\n"
	"  if redis.call('ZCARD', of(name)) == 0 then\n"
	"    redis.call('ZADD', empty, number, name)\n"
	"  end\n"
	"end\n"
	"local function first(name) return redis.call('ZRANGE', of(name), 0, 0)[1] end\n"
	"local function is_old(place)\n"
	"  local stop = tonumber(string.match(place, ':(%d+)$'))\n"
	"  return stop > 0 and stop <= t\n"
	"end\n"
	/* Of an entry without a place the server has evicted that. */
	"local function oldest()\n"
	"  while true do\n"
	"    local entry = redis.call('XRANGE', log, '-', '+', 'COUNT', 1)[1]\n"
	"    if not entry then return nil end\n"
	"    if first(entry[2][2]) then return entry[2][2] end\n"
	"    redis.call('XDEL', log, entry[1])\n"
	"    lose(entry[2][2], tonumber(string.match(entry[1], '^%d+')))\n"
	"    bytes = bytes - cost(entry[2][2], entry[2][6])\n"
	"  end\n"
	"end\n"
	"if most == 0 then\n"
	"  if topic == '' then forgotten = n else\n"
	"    if not redis.call('ZSCORE', gone, topic) then\n"
	"      bytes = bytes + cost(topic, '')\n"
	"      redis.call('ZADD', empty, n, topic)\n"
	"    end\n"
	"    lose(topic, n)\n"
	"  end\n"
	"else\n"
	"  if not redis.call('ZSCORE', gone, topic) then\n"
	"    redis.call('ZADD', gone, text(forgotten), topic)\n"
	"    bytes = bytes + cost(topic, '')\n"
	"  end\n"
	"  local stop = time > 0 and t + time or 0\n"
	"  redis.call('ZREM', empty, topic)\n"
	"  redis.call('XADD', log, id(n), 't', topic, 'e', text(stop), 'm', payload)\n"
	"  redis.call('ZADD', of(topic), text(n),\n"
	"    text(n) .. ':' .. text(cost(topic, payload)) .. ':' .. text(stop))\n"
	"  bytes = bytes + cost(topic, payload)\n"
	"  for _, place in ipairs(redis.call('ZRANGE', of(topic), 0, -1 - most)) do\n"
	"    drop(topic, place)\n"
	"  end\n"
	"  local place = first(topic)\n"
	"  while place and is_old(place) do\n"
	"    drop(topic, place)\n"
	"    place = first(topic)\n"
	"  end\n"
	"end\n"
	"while bytes > room do\n"
	"  local name = redis.call('ZRANGE', empty, 0, 0)[1]\n"
	"  if name then\n"
	"    forgotten = math.max(forgotten, tonumber(redis.call('ZSCORE', gone, name)))\n"
	"    redis.call('ZREM', empty, name)\n"
	"    redis.call('ZREM', gone, name)\n"
	"    bytes = bytes - cost(name, '')\n"
	"  else\n"
	"    name = oldest()\n"
	"    if not name then break end\n"
	"    drop(name, first(name))\n"
	"  end\n"
	"end\n"
	/* Of topics that nobody publishes to any more, a few each time. */
	"for _ = 1, 4 do\n"
	"  local name = oldest()\n"
	"  if not name or not is_old(first(name)) then break end\n"
	"  drop(name, first(name))\n"
	"end\n"
	"redis.call('HSET', H, 'last', text(n), 'bytes', text(bytes), 'forgotten', "
	"text(forgotten))\n"
	"redis.call('PUBLISH', channel, order .. '-' .. text(n) .. ':' .. payload)\n"
	"return 1\n";

/*
 * ARGV: run, an order if there is none, the order asked about ("": whichever), after ("now"), bytes
 * of data, whether there should be an answer though something has gone, the one topic or "", then
 * patterns for a topic with '/' behind it. Returns: outcome, order, number, topics of which
 * something has gone, and number, topic and message of each.
 */
const char redis_script_recall[] = COMMON
	"local order, last, _, forgotten = begin(ARGV[1], ARGV[2])\n"
	"if ARGV[4] == 'now' then return {0, order, text(last), {}, {}} end\n"
	"local after, room, anyhow, one = tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6] == '1', "
	"ARGV[7]\n"
	"local log, gone, t = H .. ':log', H .. ':gone', now()\n"
	"local lost, out, bytes, reached, seen = {}, {}, 0, after, 0\n"
	"local is_lost = ARGV[3] ~= '' and (ARGV[3] ~= order or after > last)\n"
	"if is_lost then return {2, order, text(last), {}, {}} end\n"
	"local function matches(name)\n"
	"  if one ~= '' then return name == one end\n"
	"  for i = 8, #ARGV do\n"
	"    if string.find(name .. '/', ARGV[i]) then return true end\n"
	"  end\n"
	"  return false\n"
	"end\n"
	"local function lose(name)\n"
	"  if after == 0 then return end\n"
	"  is_lost = true\n"
	"  lost[#lost + 1] = name\n"
	"end\n"
	/* True: there is no room for it in this answer. */
	"local function take(number, fields)\n"
	"  local name, stop, data = fields[2], tonumber(fields[4]), fields[6]\n"
	"  if not matches(name) then\n"
	"    seen = seen + 1\n"
	"  elseif stop > 0 and stop <= t then\n"
	"    lose(name)\n"
	"  else\n"
	"    if bytes > 0 and bytes + #data > room then return true end\n"
	"    bytes = bytes + #data + 1\n"
	"    out[#out + 1], out[#out + 2], out[#out + 3] = number, name, data\n"
	"  end\n"
	"  reached = tonumber(number)\n"
	"  return seen > 4096 or #out > 12288\n"
	"end\n"
	"if after > 0 then\n"
	"  if one ~= '' then\n"
	"    if tonumber(redis.call('ZSCORE', gone, one) or forgotten) > after then lose(one) "
	"end\n"
	"  else\n"
	"    local names = redis.call('ZRANGEBYSCORE', gone, '(' .. text(after), '+inf', 'LIMIT', "
	"0, 10001)\n"
	"    if forgotten > after or #names > 10000 then lose('') end\n"
	"    for _, name in ipairs(names) do\n"
	"      if matches(name) then lose(name) end\n"
	"    end\n"
	"  end\n"
	"end\n"
	"if is_lost and not anyhow then return {2, order, text(last), {}, {}} end\n"
	"local is_full = false\n"
	"if one ~= '' then\n"
	"  local places = redis.call('ZRANGEBYSCORE', H .. ':of:' .. order .. ':' .. one,\n"
	"    '(' .. text(after), '+inf', 'LIMIT', 0, 4096)\n"
	"  for _, place in ipairs(places) do\n"
	"    local number = string.match(place, '^%d+')\n"
	"    local entry = redis.call('XRANGE', log, number .. '-0', number .. '-0')[1]\n"
	"    if entry then is_full = take(number, entry[2]) else lose(one) end\n"
	"    if is_full then break end\n"
	"  end\n"
	"  is_full = is_full or #places == 4096\n"
	"else\n"
	"  local from = after\n"
	"  while not is_full do\n"
	"    local entries = redis.call('XRANGE', log, id(from + 1), '+', 'COUNT', 16)\n"
	"    for _, entry in ipairs(entries) do\n"
	"      local number = string.match(entry[1], '^%d+')\n"
	"      is_full = take(number, entry[2])\n"
	"      if is_full then break end\n"
	"      from = tonumber(number)\n"
	"    end\n"
	"    if #entries < 16 then break end\n"
	"  end\n"
	"end\n"
	"if is_lost and not anyhow then return {2, order, text(last), {}, {}} end\n"
	"return {is_full and 1 or 0, order, text(is_full and reached or last), lost, out}\n";
