// A stable to start with.
import { db, Handler, Owner, Pony } from "./models.js";

export async function addSamples() {
  const anna = new Owner({ firstName: "Anna", lastName: "Lee", email: "anna@example.com" });
  const ben = new Owner({ firstName: "Ben", lastName: "Ray" });
  const handlers = [
    new Handler({ firstName: "Kim", lastName: "Fox", employeeId: "E-1" }),
    new Handler({ firstName: "Lou", lastName: "Hay", employeeId: "E-2" }),
  ] as const;
  anna.ponies.push(
    new Pony({ name: "Misty", birthYear: 2015, breed: "Hirzai", handlers: [...handlers] }),
    new Pony({ name: "Luna", birthYear: 2019, breed: "Shetland", handlers: [handlers[0]] }),
  );
  ben.ponies.push(new Pony({ name: "Rocket", birthYear: 2011, breed: "Hirzai" }));
  // Ponies and handlers come along: adding an owner adds what hangs on it.
  db.session.addAll([anna, ben]);
  await db.session.commit();
}
