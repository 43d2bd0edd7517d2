import { db, makeApp } from "./app.js";

const app = makeApp();
await db.createAll();
await app.run({ host: "0.0.0.0", port: Number(process.env.PORT ?? 3000) });
