// npm start: the course's play time as a script. In `athanor shell` the same lines can be typed one by one.
import { makeApp } from "./app.js";
import { db, Post, User } from "./models.js";

const app = makeApp();
await db.createAll();
await app.context(async () => {
  db.session.add(new User({ username: "john", email: "john@example.com" }));
  db.session.add(new User({ username: "susan", email: "susan@example.com" }));
  await db.session.commit();
  for (const user of await User.query().all()) console.log(user.id, user.username);

  const john = await User.query().filterBy({ username: "john" }).one();
  db.session.add(new Post({ body: "my first post!", author: john }));
  await db.session.commit();
  for (const post of await john.posts.all()) console.log(String(post), "by", String(await post.author));

  for (const user of await User.query().all()) await db.session.delete(user);
  for (const post of await Post.query().all()) await db.session.delete(post);
  await db.session.commit();
  console.log(await User.query().count(), "users,", await Post.query().count(), "posts left");
});
await db.dispose();
