// Limits a server's connections. The one that has been idle for longest is closed for a new one, so that thousands of idle
// connections do not block others.

import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** Limits a server's connections; those with an open request are not closed. */
export function limitConnections(server: Server, most: number): void {
  const all = new Set<Socket>();
  /** Connections without an open request, the longest idle first. */
  const silent = new Set<Socket>();
  server.on('connection', (socket) => {
    all.add(socket);
    silent.add(socket);
    socket.on('close', () => {
      all.delete(socket);
      silent.delete(socket);
    });
    if (all.size <= most) return;
    const [oldest = socket] = silent;
    silent.delete(oldest);
    all.delete(oldest);
    oldest.destroy();
  });
  server.on('request', ({ socket }, response) => {
    silent.delete(socket);
    response.on('close', () => {
      if (all.has(socket)) silent.add(socket);
    });
  });
}
