/** The same small program in four dresses: a POST enqueues a picture, and the middleware sees to the rest. */
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import middie from "@fastify/middie";
import express from "express";
import fastify from "fastify";
import { onTestFinished } from "vitest";
import type { SpoolMiddleware } from "../../src/index.ts";

/** What the program does for a request; resolves when it may be answered. */
export type Work = () => Promise<number>;

/** Starts a program. @returns its address */
export type App = (middleware: SpoolMiddleware, work: Work) => Promise<string>;

export const APPS: Readonly<Record<string, App>> = {
  async "Express 5"(middleware, work) {
    const app = express();
    app.use(middleware);
    app.post("/", async (_request, response) => {
      response.json({ number: await work() });
    });
    return listening(createServer(app as RequestListener));
  },
  async "Fastify 5"(middleware, work) {
    const app = fastify({ forceCloseConnections: true });
    await app.register(middie);
    app.use(middleware);
    app.post("/", async () => ({ number: await work() }));
    onTestFinished(async () => {
      await app.close();
    });
    return app.listen({ host: "127.0.0.1", port: 0 });
  },
  async "node:http"(middleware, work) {
    const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      middleware(request, response);
      response.end(JSON.stringify({ number: await work() }));
    };
    return listening(createServer((request, response) => void answer(request, response)));
  },
};

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
