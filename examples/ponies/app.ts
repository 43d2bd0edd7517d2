// Owners on the front page, ponies in their blueprint, the pony last looked at in the browser's session.
import { CSRFProtect } from "@athanor/forms";
import { createApp, render } from "@athanor/web";
import { Config } from "./config.js";
import { db, Owner, Pony } from "./models.js";
import { ponies } from "./ponies.js";

export function makeApp(config: object = Config) {
  const app = createApp(import.meta, { config });
  db.initApp(app);
  new CSRFProtect(app);
  app.registerBlueprint(ponies);

  app.get("/", async function index(c) {
    // The lazy loop of the course: the template walks owner.ponies, loaded once for all owners at first touch.
    return render("index.html", {
      owners: await Owner.query().orderBy(Owner.c.id).all(),
      lastPony: c.session.get("lastPony", "none yet"),
    });
  });

  app.get("/owners/of/<breed>", async function ownersOf(c) {
    const owners = Owner.query()
      .join(Owner.c.ponies)
      .filter(Pony.c.breed.eq(c.args.breed))
      .distinct()
      .orderBy(Owner.c.id);
    return (await owners.all()).map((owner) => owner.fullName);
  });
  return app;
}
