/** dynalite ships no types: what is used of it. */
declare module 'dynalite' {
  import type { Server } from 'node:http';

  interface Options {
    /** The directory of its store; in memory when left out. */
    path?: string;
    createTableMs?: number;
    deleteTableMs?: number;
    updateTableMs?: number;
  }

  export default function dynalite(options?: Options): Server;
}
