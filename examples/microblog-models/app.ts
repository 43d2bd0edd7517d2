// The app around the models. `athanor shell` starts with `db`, `User` and `Post` already there.
import { createApp } from "@athanor/web";
import { Config } from "./config.js";
import { db, Post, User } from "./models.js";

export function makeApp(config: object = Config) {
  const app = createApp(import.meta, { config });
  db.initApp(app);
  app.shellContext(() => ({ db, User, Post }));
  return app;
}
