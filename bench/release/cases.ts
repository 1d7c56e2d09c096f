/** An update, and what it has to end as. */
export interface ReleaseCase {
  readonly name: string;
  /** `--set` arguments of one round; different in every round, so that there is something to deploy. */
  readonly sets: (round: number) => readonly string[];
  readonly exits: readonly number[];
}

const round = (number: number): string => `servers.scene.env.BENCH_ROUND=${number}`;

const fault = (name: string, kind: string): ReleaseCase => ({
  name,
  sets: () => [`servers.scene.env.FAULT=${kind}`],
  exits: [10],
});

/** What is measured: an update of one server that is good, and the ways in which it can be bad. */
export const releaseCases: readonly ReleaseCase[] = [
  { name: "good", sets: (number) => [round(number)], exits: [0] },
  fault("server exits", "exit"),
  {
    name: "image missing",
    sets: () => ["servers.scene.image=mcp-fleet-none/none:1"],
    // On Docker nothing is begun; a cluster finds out at the gate.
    exits: [1, 10],
  },
  fault("never ready", "unready"),
  fault("broken handshake", "no-mcp"),
  fault("slow calls (2 s)", "slow:2000"),
  fault("failing calls (20 %)", "fail:0.2"),
];
