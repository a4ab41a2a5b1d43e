// A real client, npm's ws, against the mirror: `node 45_clients_npm_ws.js PORT [CA]`, with CA over TLS. Prints one line for
// each claim that holds and ends with status 0, or throws. SPDX-License-Identifier: MIT
'use strict';
const assert = require('assert');
const crypto = require('crypto');
const { once } = require('events');
const fs = require('fs');
const path = require('path');
const WebSocket = require(path.join(__dirname, '..', 'node_modules', 'ws'));

const [port, ca] = process.argv.slice(2);
const url = ca ? `wss://127.0.0.1:${port}/` : `ws://127.0.0.1:${port}/`;
const trust = ca ? { ca: fs.readFileSync(ca) } : {};
setTimeout(() => { throw new Error('not done in time'); }, 30000).unref();

async function open(options) {
	const ws = new WebSocket(url, { ...trust, ...options });
	await once(ws, 'open');
	return ws;
}

async function closed(ws) {
	const [code, reason] = await once(ws, 'close');
	return [code, reason.toString()];
}

async function echo(ws, data, options) {
	ws.send(data, options || {});
	const [back, isBinary] = await once(ws, 'message');
	return [back, isBinary];
}

const claims = {
	async text() {
		const ws = await open();
		const [back, isBinary] = await echo(ws, 'héllo 世界 😀');
		assert.strictEqual(back.toString(), 'héllo 世界 😀');
		assert.strictEqual(isBinary, false);
		ws.close();
		assert.deepStrictEqual(await closed(ws), [1005, '']);
	},
	async binary_of_every_length_form() {
		const ws = await open();
		for (const size of [0, 1, 125, 126, 65535, 65536, 3000000]) {
			const data = crypto.randomBytes(size);
			const [back, isBinary] = await echo(ws, data);
			assert.ok(isBinary && data.equals(back), `size ${size}`);
		}
		ws.terminate();
	},
	async fragments() {
		const ws = await open();
		ws.send('one ', { fin: false });
		ws.send('two ', { fin: false });
		ws.ping('between');
		const pong = once(ws, 'pong');
		const [back] = await echo(ws, 'three', { fin: true });
		assert.strictEqual(back.toString(), 'one two three');
		assert.strictEqual((await pong)[0].toString(), 'between');
		ws.terminate();
	},
	async close_code_and_reason() {
		const ws = await open();
		ws.close(4321, 'wörld');
		assert.deepStrictEqual(await closed(ws), [4321, 'wörld']);
	},
	async compression_is_not_offered_and_not_taken() {
		const ws = await open({ perMessageDeflate: false });
		assert.strictEqual(ws.extensions, '');
		assert.strictEqual((await echo(ws, 'plain'))[0].toString(), 'plain');
		ws.terminate();
	},
	async subprotocol_is_offered_and_not_taken() {
		// ws treats an offer without an answer as a failed handshake: the standard lets it.
		const ws = new WebSocket(url, ['one', 'two'], trust);
		const [error] = await once(ws, 'error');
		assert.match(error.message, /subprotocol/);
	},
	async unknown_path_is_404() {
		const ws = new WebSocket(url + 'nope', trust);
		const [, response] = await once(ws, 'unexpected-response');
		assert.strictEqual(response.statusCode, 404);
		ws.on('error', () => {});
		ws.terminate();
	},
	async hundred_clients() {
		const all = await Promise.all(Array.from({ length: 100 }, () => open()));
		const backs = await Promise.all(all.map((ws, i) => echo(ws, `client ${i}`)));
		backs.forEach(([back], i) => assert.strictEqual(back.toString(), `client ${i}`));
		all.forEach((ws) => ws.terminate());
	},
};

(async () => {
	for (const [name, claim] of Object.entries(claims)) {
		await claim();
		console.log(name);
	}
	process.exit(0);
})();
