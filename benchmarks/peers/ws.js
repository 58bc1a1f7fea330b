// The package `ws` on Node.js. `/echo` sends each message back; `/all` sends it to everybody there, as
// the bytes that came, so that nothing is encoded again for each.
import { WebSocketServer } from "ws";

const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
const all = new Set();
const text = { binary: false };

server.on("connection", (socket, request) => {
  if (request.url === "/all") {
    all.add(socket);
    socket.on("close", () => all.delete(socket));
    socket.on("message", (bytes) => {
      for (const other of all) other.send(bytes, text);
    });
  } else {
    socket.on("message", (bytes) => socket.send(bytes, text));
  }
});
server.on("listening", () => console.log(`listens on ${server.address().port}`));
