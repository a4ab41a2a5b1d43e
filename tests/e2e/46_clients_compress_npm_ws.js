// npm's ws with permessage-deflate against the mirror: `node 46_clients_compress_npm_ws.js PORT`. Prints
// one line for each claim that holds and ends with status 0, or throws. SPDX-License-Identifier: MIT
'use strict';
const assert = require('assert');
const crypto = require('crypto');
const { once } = require('events');
const path = require('path');
const WebSocket = require(path.join(__dirname, '..', 'node_modules', 'ws'));

const base = `ws://127.0.0.1:${process.argv[2]}`;
setTimeout(() => { throw new Error('not done in time'); }, 40000).unref();
const prose = 'all work and no play makes Jack a dull boy, 😀. '.repeat(400);

async function open(route, perMessageDeflate) {
	const ws = new WebSocket(base + route, { perMessageDeflate });
	await once(ws, 'open');
	assert.strictEqual(ws.extensions, 'permessage-deflate');
	return ws;
}

async function echo(ws, data, options) {
	ws.send(data, options || {});
	const [back] = await once(ws, 'message');
	assert.ok(Buffer.from(data).equals(back), `${data.length} bytes differ`);
}

// Every kind of message, and fewer bytes from the host than it has sent.
async function talk(ws) {
	const before = ws._socket.bytesRead;
	for (let i = 0; i < 20; i++) await echo(ws, prose + i);
	assert.ok(ws._socket.bytesRead - before < 20 * prose.length / 5, `${ws._socket.bytesRead - before} bytes`);
	for (const size of [0, 1, 1023, 1024, 70000, 900000]) await echo(ws, crypto.randomBytes(size));
	ws.send('one ', { fin: false });
	ws.send(prose, { fin: false });
	await Promise.all([once(ws, 'message'), ws.send(' three', { fin: true })]);
	await echo(ws, 'not compressed', { compress: false });
	await echo(ws, prose);
	ws.close(4001);
	assert.strictEqual((await once(ws, 'close'))[0], 4001);
}

const offers = {
	standard: true,
	always: { threshold: 0 },
	no_contexts: { serverNoContextTakeover: true, clientNoContextTakeover: true, threshold: 0 },
	small_windows: { serverMaxWindowBits: 10, clientMaxWindowBits: 9, threshold: 0 },
	smallest_window: { serverMaxWindowBits: 8, threshold: 0 },
};

const claims = {};
for (const [name, offer] of Object.entries(offers)) {
	claims[name] = async () => talk(await open('/', offer));
	claims[`${name}_with_contexts`] = async () => talk(await open('/contexts', offer));
}

(async () => {
	for (const [name, claim] of Object.entries(claims)) {
		await claim();
		console.log(name);
	}
	process.exit(0);
})();
