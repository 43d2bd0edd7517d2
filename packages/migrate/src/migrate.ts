/** The commands bound to one project: what a web app keeps. Source: Flask-Migrate `Migrate`. */
import type { MigrateConfig } from "./command/config.js";
import * as command from "./command/index.js";

type Rest<F> = F extends (config: MigrateConfig, ...rest: infer R) => unknown ? R : never;

/**
 * @example
 * const migrate = new Migrate({ engine: () => db.engine, metadata: () => db.metadata });
 * await migrate.upgrade();
 */
export class Migrate {
  readonly config: MigrateConfig;
  constructor(config: MigrateConfig = {}) {
    this.config = config;
  }
  /** The same project with other writers, directory or variables. */
  with(changes: Partial<MigrateConfig>): Migrate {
    return new Migrate({ ...this.config, ...changes });
  }
  init(...rest: Rest<typeof command.init>) {
    return command.init(this.config, ...rest);
  }
  revision(...rest: Rest<typeof command.revision>) {
    return command.revision(this.config, ...rest);
  }
  migrate(...rest: Rest<typeof command.migrate>) {
    return command.migrate(this.config, ...rest);
  }
  merge(...rest: Rest<typeof command.merge>) {
    return command.merge(this.config, ...rest);
  }
  upgrade(...rest: Rest<typeof command.upgrade>) {
    return command.upgrade(this.config, ...rest);
  }
  downgrade(...rest: Rest<typeof command.downgrade>) {
    return command.downgrade(this.config, ...rest);
  }
  stamp(...rest: Rest<typeof command.stamp>) {
    return command.stamp(this.config, ...rest);
  }
  check(...rest: Rest<typeof command.check>) {
    return command.check(this.config, ...rest);
  }
  squash(...rest: Rest<typeof command.squash>) {
    return command.squash(this.config, ...rest);
  }
  lint(...rest: Rest<typeof command.lint>) {
    return command.lint(this.config, ...rest);
  }
  current(...rest: Rest<typeof command.current>) {
    return command.current(this.config, ...rest);
  }
  history(...rest: Rest<typeof command.history>) {
    return command.history(this.config, ...rest);
  }
  heads(...rest: Rest<typeof command.heads>) {
    return command.heads(this.config, ...rest);
  }
  branches(...rest: Rest<typeof command.branches>) {
    return command.branches(this.config, ...rest);
  }
  show(...rest: Rest<typeof command.show>) {
    return command.show(this.config, ...rest);
  }
  edit(...rest: Rest<typeof command.edit>) {
    return command.edit(this.config, ...rest);
  }
  ensureVersion(...rest: Rest<typeof command.ensureVersion>) {
    return command.ensureVersion(this.config, ...rest);
  }
  erd(...rest: Rest<typeof command.erd>) {
    return command.erd(this.config, ...rest);
  }
}
