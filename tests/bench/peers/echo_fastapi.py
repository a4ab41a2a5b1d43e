# SPDX-License-Identifier: MIT
"""Peer of the benchmark: the echo of FastAPI's tutorial, under uvicorn with uvloop, httptools and websockets."""
import sys

import uvicorn
from fastapi import FastAPI, WebSocket, WebSocketDisconnect

app = FastAPI()


@app.websocket("/")
async def echo(websocket: WebSocket):
    await websocket.accept()
    try:
        while True:
            await websocket.send_text(await websocket.receive_text())
    except WebSocketDisconnect:
        pass


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), loop="uvloop", http="httptools", ws="websockets",
                ws_max_size=32 << 20, ws_per_message_deflate=False, ws_ping_interval=None, access_log=False,
                log_level="critical", backlog=4096)
