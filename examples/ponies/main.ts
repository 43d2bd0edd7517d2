import { makeApp } from "./app.js";
import { db, Owner } from "./models.js";
import { addSamples } from "./samples.js";

const app = makeApp();
await db.createAll();
await db.run(async () => {
  if (!(await Owner.query().exists())) await addSamples();
});
await app.run({ host: "0.0.0.0", port: Number(process.env.PORT ?? 3000) });
