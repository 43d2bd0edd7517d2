/** Serves an app on Node with @hono/node-server (Flask: app.run). */
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { WebError } from "../errors/web-error.js";
import type { Logger } from "./logger.js";

export interface RunOptions {
  /** Default "127.0.0.1": only this machine. */
  readonly host?: string;
  /** Default: the variable PORT, else 5000; 0 takes any free one. */
  readonly port?: number;
  /** Turns debug on or off; left out, the configuration decides. */
  readonly debug?: boolean;
}

/** A running server. */
export interface RunningServer {
  readonly server: Server;
  readonly host: string;
  readonly port: number;
  readonly url: string;
  /** Stops taking connections and waits for the running requests. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface Servable {
  readonly name: string;
  debug: boolean;
  readonly logger: Logger;
  readonly fetch: (raw: Request, env?: unknown) => Promise<Response>;
  start(): Promise<void>;
}

function portFrom(env: string | undefined): number {
  if (env === undefined || env === "") return 3000;
  const port = Number(env);
  if (!Number.isInteger(port) || port < 0 || port > 65535)
    throw new WebError("config", `The variable PORT holds '${env}', which is no port number.`);
  return port;
}

/** @throws WebError "port-in-use" as one line, when the port is taken */
export async function runServer(app: Servable, options: RunOptions = {}): Promise<RunningServer> {
  if (options.debug !== undefined) app.debug = options.debug;
  const host = options.host ?? "127.0.0.1";
  const port = options.port ?? portFrom(process.env.PORT);
  if (app.debug && !["127.0.0.1", "localhost", "::1"].includes(host)) {
    app.logger.warn(
      `Debug is on and the server listens on ${host}: everyone on the network can read your error pages. Use host 127.0.0.1, or turn debug off.`,
    );
  }
  await app.start();
  const { createAdaptorServer } = await import("@hono/node-server");
  // The global Response stays the platform's own: `instanceof Response` must hold for what handlers return.
  const server = createAdaptorServer({
    fetch: (request: Request, env: unknown) => app.fetch(request, env),
    overrideGlobalObjects: false,
  }) as Server;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      if (cause.code === "EADDRINUSE")
        reject(
          new WebError(
            "port-in-use",
            `Port ${port} on ${host} is in use by another program. Stop it, or choose another port.`,
            { cause },
          ),
        );
      else if (cause.code === "EACCES")
        reject(new WebError("port-in-use", `Port ${port} needs more rights; ports above 1023 do not.`, { cause }));
      else reject(cause);
    });
    server.listen(port, host, () => resolve());
  });
  const bound = (server.address() as AddressInfo).port;
  const url = `http://${host.includes(":") ? `[${host}]` : host === "0.0.0.0" ? "127.0.0.1" : host}:${bound}`;
  const close = () =>
    new Promise<void>((resolve, reject) => {
      server.close((error) => (error === undefined || error === null ? resolve() : reject(error)));
      server.closeIdleConnections();
    });
  return { server, host, port: bound, url, close, [Symbol.asyncDispose]: close };
}
