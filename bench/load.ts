import { parseArgs } from "node:util";
import { startLoad } from "./load/load.ts";
import type { LoadMode } from "./load/report.ts";
import { fleet } from "./stack.ts";

const { values } = parseArgs({
  options: {
    stack: { type: "string", default: "staging" },
    rate: { type: "string", default: "100" },
    seconds: { type: "string", default: "60" },
    mode: { type: "string", default: "both" },
    sessions: { type: "string", default: "2" },
  },
});

function number(name: "rate" | "seconds" | "sessions"): number {
  const value = Number(values[name]);
  if (!Number.isFinite(value) || value <= 0) {
    console.error(`--${name}: got ${values[name]}; use a number above 0`);
    process.exit(2);
  }
  return value;
}

const modes: Readonly<Record<string, readonly LoadMode[]>> = {
  both: ["stateless", "sessions"],
  stateless: ["stateless"],
  sessions: ["sessions"],
};
const chosen = modes[values.mode];
if (!chosen) {
  console.error(`--mode: got ${values.mode}; use one of ${Object.keys(modes).join(", ")}`);
  process.exit(2);
}
const [rate, seconds, sessionsPerTarget] = [number("rate"), number("seconds"), number("sessions")];

const { stdout } = await fleet("outputs", "--stack", values.stack, "--json", "--show-secrets");
const outputs = JSON.parse(stdout) as {
  readonly servers: Readonly<Record<string, string>>;
  readonly tokens: { readonly default: { readonly primary: string } };
};
const load = startLoad({
  targets: Object.entries(outputs.servers).map(([name, url]) => ({ name, url })),
  token: outputs.tokens.default.primary,
  rate,
  modes: chosen,
  sessionsPerTarget,
});
await new Promise<void>((resolve) => {
  const timer = setTimeout(resolve, seconds * 1000);
  process.once("SIGINT", () => {
    clearTimeout(timer);
    resolve();
  });
});
const report = await load.stop();
const { byTarget, ...total } = report;
console.table(byTarget);
console.log(
  `${report.sent} calls in ${report.seconds} s: ${report.ok} ok, ${report.moved} moved, ${report.lost} lost; ` +
    `p50 ${report.p50Ms} ms, p99 ${report.p99Ms} ms, longest gap ${report.longestGapMs} ms`,
);
console.log(JSON.stringify(total));
process.exitCode = report.lost > 0 ? 1 : 0;
