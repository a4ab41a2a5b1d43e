// Peer of the benchmark: an echo on npm's ws, without compression. SPDX-License-Identifier: MIT
'use strict';
const path = require('path');
const { WebSocketServer } = require(path.join(__dirname, '..', '..', 'node_modules', 'ws'));

const server = new WebSocketServer({
	host: '127.0.0.1', port: Number(process.argv[2]), perMessageDeflate: false, maxPayload: 32 << 20,
	clientTracking: false, backlog: 4096,
});
server.on('connection', (ws) => {
	ws.on('error', () => {});
	ws.on('message', (data, isBinary) => ws.send(data, { binary: isBinary }));
});
