/**
 * Two rows that need each other: INSERT both, UPDATE the favourite; on delete UPDATE to NULL, DELETE the children, DELETE
 * the parent. After SQLAlchemy's `OneToManyManyToOneTest.test_post_update_m2o`.
 */
import { func, integer, select, string } from "@athanor/core";
import { declarativeBase, manyToOne, oneToMany, Session } from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import { sent, told } from "./support.js";

const Base = declarativeBase();
class Person extends Base("Person", {
  id: integer().primaryKey(),
  data: string(30),
  favoriteId: integer().nullable().references("ball.id", { useAlter: true, name: "fk_favorite" }),
  get balls() {
    return oneToMany(Ball, { foreignKeys: "personId", cascade: "all, delete-orphan" });
  },
  get favorite() {
    return manyToOne(Ball, { foreignKeys: "favoriteId", postUpdate: true });
  },
}) {}
class Ball extends Base("Ball", {
  id: integer().primaryKey(),
  data: string(30),
  personId: integer().nullable().references("person.id"),
}) {}

describeEachDatabase("named test 6: postUpdate on the many-to-one", (target) => {
  const db = told(target, Base.metadata);
  it("writes and deletes rows that need each other", async () => {
    await using session = new Session(db.engine);
    const balls = [1, 2, 3, 4].map(() => new Ball({ data: "some data" }));
    const [ball] = balls as [Ball];
    const person = new Person({
      data: "some data",
      balls,
      favorite: ball,
    });
    session.add(ball);
    session.add(person);
    await session.flush();
    expect(db.sent()).toEqual([
      sent("INSERT INTO person (data, favorite_id)", ["some data", null]),
      sent("INSERT INTO ball (data, person_id)", ...balls.map(() => ["some data", person.id])),
      sent("UPDATE person SET favorite_id = ? WHERE person.id = ?", [ball.id, person.id]),
    ]);
    expect(person.favoriteId).toBe(ball.id);
    expect(await session.scalar(select(func.count()).selectFrom(Ball).where(Ball.c.personId.eq(person.id)))).toBe(4);
    await session.delete(person);
    await session.flush();
    expect(db.sent()).toEqual([
      sent("UPDATE person SET favorite_id = ? WHERE person.id = ?", [null, person.id]),
      sent("DELETE FROM ball WHERE ball.id IN (?, ?, ?, ?)", balls.map((b) => b.id).sort()),
      sent("DELETE FROM person WHERE person.id = ?", [person.id]),
    ]);
    await session.commit();
  });
});
