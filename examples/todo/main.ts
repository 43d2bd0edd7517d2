// npm start: brings the database to the newest revision, then serves on PORT (3000 if unset).
import { command } from "@athanor/migrate";
import { loadDotenv, migrateConfigOf } from "@athanor/web";
import { makeApp } from "./app.js";

loadDotenv();
const app = makeApp();
const config = migrateConfigOf(app);
if (config !== undefined) await command.upgrade(config);
await app.run({ host: "0.0.0.0", port: Number(process.env.PORT ?? 3000) });
