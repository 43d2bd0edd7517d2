// Building a select of three joins and five predicates up to its text and parameters, without running it: what
// execute() does before it talks to the driver (structure looked up in the engine's cache, values bound).
import { bindStatement, createEngine, type Element, select } from "@athanor/core";
import { type Contestant, type Context, contestant } from "../workloads/contestant.js";
import { buildingValues, scaled } from "../workloads/data.js";
import { sizes } from "../workloads/index.js";
import { posts, postTag, tags, users } from "./tables.js";

function statement({ id, name, tag, low, high }: ReturnType<typeof buildingValues>) {
  const [u, p, t] = [users.c, posts.c, tags.c];
  return select(u.id, u.name, p.title, t.name)
    .join(posts, p.userId.eq(u.id))
    .join(postTag, postTag.c.postId.eq(p.id))
    .join(tags, t.id.eq(postTag.c.tagId))
    .where(u.id.eq(id), u.name.like(name), t.name.eq(tag), p.id.gt(low), p.id.lt(high));
}

export async function building({ url, scale }: Context): Promise<Contestant> {
  const engine = createEngine(url);
  const n = scaled(sizes.statements, scale);
  return contestant({
    run: () => {
      let parameters = 0;
      for (let i = 0; i < n; i++) {
        // The public type of a select hides the node it is.
        const node = statement(buildingValues(i)) as unknown as Element;
        const compile = (binds: Parameters<typeof engine.dialect.createCompiler>[0]) =>
          engine.dialect.createCompiler(binds).compile(node);
        const { value, params } = engine.cache.lookup(node, compile);
        parameters += bindStatement(value, params)[0]!.params.length;
      }
      return parameters;
    },
    check: (parameters) => String(parameters),
    close: () => engine.dispose(),
  });
}
