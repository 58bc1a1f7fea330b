// Bun's own WebSocket server. `/echo` sends each message back; `/all` publishes it to everybody there.
const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  fetch(request, server) {
    const spreads = new URL(request.url).pathname === "/all";
    if (!server.upgrade(request, { data: { spreads } })) {
      return new Response("WebSocket only", { status: 400 });
    }
  },
  websocket: {
    open(socket) {
      if (socket.data.spreads) socket.subscribe("all");
    },
    message(socket, message) {
      if (socket.data.spreads) server.publish("all", message);
      else socket.send(message);
    },
  },
});
console.log(`listens on ${server.port}`);
