// Building a select of three joins and five predicates up to its text and parameters, without running it.
import { createEngine, select } from "@athanor/core";
import { type Contestant, type Context, contestant } from "../workloads/contestant.js";
import { buildingValues, scaled } from "../workloads/data.js";
import { sizes } from "../workloads/index.js";
import { Post, postTag, Tag, User } from "./models.js";

function statement({ id, name, tag, low, high }: ReturnType<typeof buildingValues>) {
  const [u, p, t] = [User.c, Post.c, Tag.c];
  return select(u.id, u.name, p.title, t.name)
    .join(Post, p.userId.eq(u.id))
    .join(postTag, postTag.c.postId.eq(p.id))
    .join(Tag, t.id.eq(postTag.c.tagId))
    .where(u.id.eq(id), u.name.like(name), t.name.eq(tag), p.id.gt(low), p.id.lt(high));
}

export async function building({ url, scale }: Context): Promise<Contestant> {
  const engine = createEngine(url);
  const n = scaled(sizes.statements, scale);
  return contestant({
    run: () => {
      let parameters = 0;
      for (let i = 0; i < n; i++) parameters += statement(buildingValues(i)).compile(engine).params.length;
      return parameters;
    },
    check: (parameters) => String(parameters),
    close: () => engine.dispose(),
  });
}
