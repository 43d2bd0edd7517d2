/** Opens connections of the package `pg` from a database URL. */
import { userInfo } from "node:os";
import type pg from "pg";
import type { DatabaseUrl } from "../dialect.js";
import type { Driver } from "../driver.js";
import { booleanOption, checkUrlOptions, importDriver, numberOption, oneOfOption, urlOption } from "../options.js";
import { PgConnection } from "./driver.js";
import { asPgQuery, isWireStatement } from "./driver-query.js";
import { tapConnection } from "./driver-wire.js";

type Package = { readonly default: typeof pg };

const OPTIONS = [
  "host",
  "prepare",
  "application_name",
  "connect_timeout",
  "statement_timeout",
  "sslmode",
  "options",
  "keepalives",
] as const;

export async function loadPg(url: DatabaseUrl, options: { readonly [name: string]: unknown }): Promise<Driver> {
  checkUrlOptions(url, OPTIONS);
  const { connectArgsProvider, creator, ...connectArgs } = options;
  const prepare = booleanOption(url, "prepare") ?? true;
  const config = clientConfig(url);
  const {
    default: { Client, Query },
  } = await importDriver<Package>("pg", "PostgreSQL");
  const ours = asPgQuery(Query);
  const taps = new WeakSet<pg.Client>();
  const open = async (): Promise<pg.Client> => {
    const provided = typeof connectArgsProvider === "function" ? await connectArgsProvider() : undefined;
    const settings = { ...config, ...connectArgs, ...provided };
    if (typeof creator === "function") return adopted((await creator(settings)) as pg.Client);
    const client = new Client(settings);
    client.on("error", () => {});
    if (ours && tapConnection(client, isWireStatement)) taps.add(client);
    const reported = watchSettings(client);
    try {
      await client.connect();
      // Dates are read as ISO text; a role or database may be set up otherwise.
      if (reported.get("DateStyle")?.startsWith("ISO") === false) await client.query("SET DateStyle TO ISO");
    } catch (error) {
      void client.end().catch(() => {});
      throw error;
    }
    return client;
  };
  // The protocol's own request: it needs no login and no free connection slot.
  const cancel = async (processId: number, secretKey: number): Promise<void> => {
    const provided = typeof connectArgsProvider === "function" ? await connectArgsProvider() : undefined;
    const client = new Client({ ...config, ...connectArgs, ...provided });
    await sendCancel(client as unknown as CancelClient, processId, secretKey);
  };
  const reading = { changed: false };
  return {
    name: "pg",
    pooling: "queue",
    async connect() {
      const client = await open();
      return new PgConnection(client, { prepare, statements: 200, wire: taps.has(client), reading, cancel });
    },
  };
}
/** A client somebody else has connected: what its server says of dates is not known any more. */
async function adopted(client: pg.Client): Promise<pg.Client> {
  client.on("error", () => {});
  await client.query("SET DateStyle TO ISO");
  return client;
}
/** What is used of pg's client to send a request to cancel. */
interface CancelClient {
  readonly host: string;
  readonly port: number;
  readonly ssl: unknown;
  readonly connection: {
    connect(port: number | string, host?: string): void;
    cancel(processId: number, secretKey: number): void;
    end(): void;
    on(event: string, listener: (error?: unknown) => void): void;
    once(event: string, listener: () => void): void;
    requestSsl(): void;
    readonly stream: { destroy(): void };
  };
}
function sendCancel(client: CancelClient, processId: number, secretKey: number): Promise<void> {
  const { connection, host, port } = client;
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => connection.stream.destroy(), 5000);
    const over = (error?: unknown): void => {
      clearTimeout(timer);
      if (error === undefined) resolve();
      else reject(error);
    };
    connection.on("error", over);
    // The server closes the connection once it has passed the request on.
    connection.once("end", () => over());
    if (client.ssl) {
      connection.once("connect", () => connection.requestSsl());
      connection.once("sslconnect", () => connection.cancel(processId, secretKey));
    } else connection.once("connect", () => connection.cancel(processId, secretKey));
    if (host.startsWith("/")) connection.connect(`${host}/.s.PGSQL.${port}`);
    else connection.connect(port, host);
  });
}
function clientConfig(url: DatabaseUrl): pg.ClientConfig {
  const host = url.host ?? urlOption(url, "host");
  const timeout = numberOption(url, "connect_timeout") ?? 10;
  const statementTimeout = numberOption(url, "statement_timeout");
  const user = url.username ?? process.env.PGUSER ?? userInfo().username;
  const extra = urlOption(url, "options");
  const ssl = sslOptions(url);
  return {
    user,
    application_name: urlOption(url, "application_name") ?? "athanor",
    connectionTimeoutMillis: timeout * 1000,
    keepAlive: booleanOption(url, "keepalives") ?? true,
    // BEGIN and the statement behind it travel together.
    pipeline: true,
    ...(host === undefined ? undefined : { host }),
    ...(url.port === undefined ? undefined : { port: url.port }),
    ...(url.password === undefined ? undefined : { password: url.password }),
    ...(url.database === undefined ? undefined : { database: url.database }),
    ...(statementTimeout === undefined ? undefined : { statement_timeout: statementTimeout }),
    ...(extra === undefined ? undefined : { options: extra }),
    ...(ssl === undefined ? undefined : { ssl }),
  };
}
/** libpq's words; `prefer` and `allow` connect without, since `pg` cannot try both. */
function sslOptions(url: DatabaseUrl): pg.ClientConfig["ssl"] | undefined {
  switch (oneOfOption(url, "sslmode", ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"])) {
    case undefined:
      return undefined;
    case "require":
      return { rejectUnauthorized: false };
    case "verify-ca":
      return { rejectUnauthorized: true, checkServerIdentity: () => undefined };
    case "verify-full":
      return { rejectUnauthorized: true };
    default:
      return false;
  }
}
/** What the server reports about itself while connecting. */
function watchSettings(client: pg.Client): ReadonlyMap<string, string> {
  const settings = new Map<string, string>();
  const { connection } = client as unknown as {
    readonly connection?: {
      on?(event: string, listener: (m: { parameterName: string; parameterValue: string }) => void): void;
    };
  };
  connection?.on?.("parameterStatus", (m) => settings.set(m.parameterName, m.parameterValue));
  return settings;
}
