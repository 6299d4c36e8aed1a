// How many connections a server keeps. Where there are too many, the one that has been silent for longest makes room: whoever
// opens thousands and says nothing shuts nobody out.

import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** Keeps a server's connections below a number; those with a request at work are not closed for others. */
export function limitConnections(server: Server, most: number): void {
  const all = new Set<Socket>();
  /** Without a request at work, the longest silent first. */
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
