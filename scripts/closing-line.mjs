// Prints "N passed, N failed" from vitest's JSON report. A test file that could not run at all counts as one failure.
import { readFileSync } from "node:fs";

let report;
try {
  report = JSON.parse(readFileSync(process.argv[2], "utf8"));
} catch {
  report = undefined;
}
const broken = report?.testResults.filter(
  (file) => file.status === "failed" && !file.assertionResults.some((test) => test.status === "failed"),
).length;
const passed = report?.numPassedTests ?? 0;
const failures = report ? report.numFailedTests + broken : 1;
console.log(`${passed} passed, ${failures} failed`);
process.exit(failures === 0 && passed > 0 ? 0 : 1);
