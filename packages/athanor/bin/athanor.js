#!/usr/bin/env node
// The command `athanor`. All of it is in dist/cli; the package's own name leads there.
import { main } from "athanor/cli";

process.exitCode = await main(process.argv.slice(2));
