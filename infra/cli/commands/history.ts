import { readRecords } from "../../release/records.ts";
import { History, type HistoryEntry } from "../../release/history.ts";
import type { CommandContext } from "../context.ts";
import { exitCodes, UserError } from "../exit-codes.ts";
import { FleetStack } from "../fleet-stack.ts";
import { historyOf } from "../release-host.ts";
import { table } from "../table.ts";
import { prepareTools } from "../tools.ts";

/** Every release of the stack: who, when, from which commit, what changed, what became of it. */
export async function history(
  context: CommandContext,
  options: Readonly<Record<string, unknown>>,
): Promise<number> {
  await prepareTools(context, "pulumi", "state");
  const log = new History(historyOf(context.stack));
  if (options["verify"]) return verify(context, log);
  const entries = log.entries();
  if (context.json) {
    context.out(JSON.stringify(entries, undefined, 2));
    return exitCodes.done;
  }
  if (entries.length === 0) {
    context.out(`stack ${context.stack}: nothing was ever deployed from here`);
    return exitCodes.done;
  }
  const kept = new Set(log.healthy().map(({ seq }) => seq));
  context.out(
    table([
      ["  #", "when", "who", "commit", "release", "from", "what", "changes", "took"],
      ...entries.map((entry) => row(entry, kept.has(entry.seq))),
    ]),
  );
  context.out(
    `\nentries with * can be returned to: ./fleet rollback --to RELEASE\nkept in ${log.directory}`,
  );
  return exitCodes.done;
}

function row(entry: HistoryEntry, kept: boolean): string[] {
  const { seq, at, who, commit, release, from, outcome, operation, changes, timings } = entry;
  const changed = Object.entries(changes).map(([op, count]) => `${count} ${op}`);
  return [
    `${kept ? "* " : "  "}${seq}`,
    at.slice(0, 19).replace("T", " "),
    who.ci ?? `${who.user}@${who.host}`,
    commit ? `${commit.sha.slice(0, 8)}${commit.dirty ? "+" : ""}` : "-",
    release ?? "-",
    from ?? "-",
    operation === "deploy" ? outcome : `${outcome} (${operation})`,
    changed.join(", ") || "-",
    `${((timings["total"] ?? timings["rollback"] ?? 0) / 1000).toFixed(1)} s`,
  ];
}

/** Any edit shows: of an entry, of a kept deployment, of the end. */
async function verify(context: CommandContext, log: History): Promise<number> {
  const stack = await FleetStack.open(context, { create: false });
  const { journal } = readRecords(await stack.resources());
  const problems = log.verify(journal?.historyHead ?? null);
  if (problems.length > 0) {
    throw new UserError(
      `history of stack ${context.stack} has ${problems.length} problem(s):\n  ${problems.join("\n  ")}\nit lies in ${log.directory}`,
    );
  }
  const count = log.entries().length;
  context.out(
    context.json
      ? JSON.stringify({ stack: context.stack, entries: count, head: log.head(), problems })
      : `${count} entries, each follows from the one before it; last ${log.head() ?? "none"}`,
  );
  return exitCodes.done;
}
