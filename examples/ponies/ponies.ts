// The blueprint for everything under /ponies.

import { blueprint, redirect, render, urlFor } from "@athanor/web";
import { joinedLoad, selectinLoad } from "athanor";
import { PonyForm } from "./forms.js";
import { db, Handler, Pony } from "./models.js";

export const ponies = blueprint("ponies", { urlPrefix: "/ponies" });

ponies.get("/", async function index() {
  // Owner and handlers come along with the ponies: the template asks for nothing more.
  const all = Pony.query()
    .options(joinedLoad(Pony.c.owner), selectinLoad(Pony.c.handlers))
    .orderBy(Pony.c.name, Pony.c.id);
  return render("ponies/index.html", { ponies: await all.all() });
});

ponies.route("/new", { methods: ["GET", "POST"] }, async function create(c) {
  const form = await PonyForm.create(c);
  if (await form.validateOnSubmit()) {
    const { name, birthYear, breed, ownerId, handlerIds } = form.data;
    const handlers = await Handler.query()
      .filter(Handler.c.id.in(handlerIds ?? []))
      .all();
    const pony = new Pony({ name: name ?? "", birthYear, breed, ownerId, handlers });
    db.session.add(pony);
    await db.session.commit();
    return redirect(urlFor(".show", { id: pony.id }));
  }
  return render("ponies/new.html", { form });
});

ponies.get("/<int:id>", async function show(c) {
  const pony = await Pony.query().getOr404(c.args.id);
  c.session.set("lastPony", pony.name);
  // Not loaded yet: awaited here, and the template sees plain objects.
  return render("ponies/show.html", { pony, owner: await pony.owner, handlers: await pony.handlers });
});

ponies.post("/<int:id>/delete", async function remove(c) {
  const pony = await Pony.query().getOr404(c.args.id);
  await db.session.delete(pony);
  await db.session.commit();
  return redirect(urlFor(".index"));
});
