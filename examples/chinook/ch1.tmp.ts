import { createEngine } from "@athanor/core";
import { loadChinook } from "/work/main/examples/chinook/load.ts";
for (const url of process.argv.slice(2)) {
const e = createEngine(url);
console.time(url);
console.log(await loadChinook(e));
console.timeEnd(url);
await e.dispose();
}
