// Socket.IO on Node.js, over WebSocket only. It does nothing but let sessions be opened.
import { createServer } from "node:http";
import { Server } from "socket.io";

const http = createServer();
new Server(http, { transports: ["websocket"] });
http.listen(0, "127.0.0.1", () => console.log(`listens on ${http.address().port}`));
