/** Opens connections of the package `mysql2` from a database URL. */
import type mysql from "mysql2";
import type { DatabaseUrl } from "../dialect.js";
import type { Driver } from "../driver.js";
import { checkUrlOptions, importDriver, numberOption, oneOfOption, urlOption } from "../options.js";
import { MysqlConnection } from "./driver.js";

type Package = { readonly default: typeof mysql };

const OPTIONS = ["charset", "connect_timeout", "statement_timeout", "ssl_mode", "unix_socket"] as const;

export async function loadMysql2(url: DatabaseUrl, options: { readonly [name: string]: unknown }): Promise<Driver> {
  checkUrlOptions(url, OPTIONS);
  const { connectArgsProvider, creator, ...connectArgs } = options;
  const config = connectionConfig(url);
  const statementTimeout = numberOption(url, "statement_timeout");
  const { default: package_ } = await importDriver<Package>("mysql2", url.dialect === "mariadb" ? "MariaDB" : "MySQL");
  const open = async (): Promise<mysql.Connection> => {
    const provided = typeof connectArgsProvider === "function" ? await connectArgsProvider() : undefined;
    const settings = { ...config, ...connectArgs, ...provided };
    const made = typeof creator === "function" ? await creator(settings) : package_.createConnection(settings);
    // The promise face of the package holds the connection itself.
    const connection: mysql.Connection = (made as { readonly connection?: mysql.Connection }).connection ?? made;
    connection.on("error", () => {});
    if (creator !== undefined) return connection;
    await new Promise<void>((resolve, reject) =>
      connection.connect((error: unknown) => (error ? reject(error) : resolve())),
    );
    return connection;
  };
  return {
    name: "mysql2",
    pooling: "queue",
    async connect() {
      const connection = await open();
      try {
        await ask(connection, "SET time_zone = '+00:00'");
        const rows = (await ask(connection, "SELECT @@SESSION.sql_mode, version()")) as readonly (readonly unknown[])[];
        const mode = String(rows[0]?.[0]);
        if (statementTimeout !== undefined) {
          const mariadb = /mariadb/i.test(String(rows[0]?.[1]));
          // MySQL counts milliseconds, and only for SELECT; MariaDB seconds.
          const setting = mariadb
            ? `max_statement_time = ${statementTimeout / 1000}`
            : `max_execution_time = ${Math.ceil(statementTimeout)}`;
          await ask(connection, `SET SESSION ${setting}`);
        }
        return new MysqlConnection(connection, !mode.includes("NO_BACKSLASH_ESCAPES"), open);
      } catch (error) {
        connection.destroy();
        throw error;
      }
    },
  };
}
function ask(connection: mysql.Connection, sql: string): Promise<unknown> {
  return new Promise((resolve, reject) =>
    connection.query({ sql, rowsAsArray: true }, (error: unknown, result: unknown) =>
      error ? reject(error) : resolve(result),
    ),
  );
}
function connectionConfig(url: DatabaseUrl): mysql.ConnectionOptions {
  const ssl = oneOfOption(url, "ssl_mode", ["disabled", "required", "verify_ca", "verify_identity"]);
  const socket = urlOption(url, "unix_socket");
  return {
    user: url.username ?? "root",
    ...(url.password === undefined ? undefined : { password: url.password }),
    ...(socket === undefined ? { host: url.host ?? "localhost", port: url.port ?? 3306 } : { socketPath: socket }),
    ...(url.database === undefined ? undefined : { database: url.database }),
    ...(ssl === undefined || ssl === "disabled"
      ? undefined
      : { ssl: { rejectUnauthorized: ssl !== "required", verifyIdentity: ssl === "verify_identity" } }),
    charset: urlOption(url, "charset") ?? "utf8mb4",
    connectTimeout: (numberOption(url, "connect_timeout") ?? 10) * 1000,
    maxPreparedStatements: 200,
    // Values as the server writes them: nothing rounded, nothing shifted.
    dateStrings: true,
    supportBigNumbers: true,
    bigNumberStrings: true,
    jsonStrings: true,
    timezone: "Z",
    multipleStatements: false,
    // Rows matched, not rows changed.
    flags: ["FOUND_ROWS"],
  };
}
