/** `athanor routes`: the table of routes. */
import { type Command, Option } from "commander";
import type { Project } from "../project.js";

const SORTS = ["endpoint", "methods", "rule", "match"] as const;

export interface RoutesOptions {
  readonly sort: (typeof SORTS)[number];
  readonly allMethods?: boolean;
}

export function routesCommand(command: Command, project: () => Project, print: (line: string) => void): void {
  command
    .command("routes")
    .description("list the routes of the app")
    .addOption(new Option("-s, --sort <order>", "match: in order of registration").choices(SORTS).default("endpoint"))
    .option("--all-methods", "show HEAD and OPTIONS too")
    .action(async ({ sort, allMethods }: RoutesOptions) => {
      const web = await project().web("routes");
      const app = await project().app("routes");
      print(web.formatRoutes(web.routesTable(app, { sort, allMethods: allMethods ?? false })));
    });
}
