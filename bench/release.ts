import { parseArgs } from "node:util";
import { releaseCases } from "./release/cases.ts";
import { thisMachine } from "../toolchain/machine.ts";
import { ComposePeer, composeCommand, type ComposeRound } from "./release/compose.ts";
import { serversOf } from "./release/containers.ts";
import { HelmPeer, helmCases, type HelmRound } from "./release/helm.ts";
import { helmProgram } from "./release/helm/program.ts";
import { clientsOf, runRound, type Round } from "./release/rounds.ts";
import { placeOfStack, standOf } from "./release/stand.ts";
import { fleet, median } from "./stack.ts";

const { values } = parseArgs({
  options: {
    stack: { type: "string", default: "staging" },
    rounds: { type: "string", default: "10" },
    rate: { type: "string", default: "100" },
    /** Names of cases, `compose` and `helm`; all without it. */
    only: { type: "string", multiple: true },
    /** Bake time of the stack, which is not counted as a cost. */
    bake: { type: "string", default: "10" },
  },
});

const wanted = (name: string): boolean => values.only?.includes(name) ?? true;
const [rounds, rate, bakeSeconds] = [values.rounds, values.rate, values.bake].map(Number) as [
  number,
  number,
  number,
];
const place = placeOfStack(values.stack);
// Before anything is measured: to build it takes minutes of all processors.
const helm =
  place.platform === "kubernetes" && wanted("helm")
    ? { place, program: await helmProgram(thisMachine((line) => console.error(line))) }
    : undefined;
const stand = await standOf(values.stack);
const outputs = await fleet("outputs", "--stack", values.stack, "--json", "--show-secrets");
const clients = await clientsOf(outputs.stdout, stand);
const results: Record<string, (Round | HelmRound)[]> = {};
// Round by round, not case by case: what the machine does meanwhile meets all cases alike.
for (let round = 1; round <= rounds; round += 1) {
  for (const releaseCase of releaseCases.filter(({ name }) => wanted(name))) {
    const own = (results[releaseCase.name] ??= []);
    own.push(
      await runRound(values.stack, releaseCase, Date.now() % 1e9, {
        stand,
        clients,
        rate,
        bakeSeconds,
      }),
    );
    console.error(`round ${round}, ${releaseCase.name}: ${JSON.stringify(own.at(-1))}`);
  }
}

stand.close();

const compose: ComposeRound[] = [];
const compared = stand.platform === "docker" && wanted("compose");
const command = compared ? await composeCommand() : undefined;
if (command) {
  const peer = new ComposePeer(
    command,
    await serversOf(values.stack, Object.keys(clients.servers)),
  );
  try {
    await peer.start();
    for (let round = 1; round <= rounds; round += 1) {
      compose.push(await peer.round(round, rate));
      console.error(`round ${round}, compose: ${JSON.stringify(compose.at(-1))}`);
    }
  } finally {
    await peer.stop();
  }
} else if (compared) {
  console.error("compose: neither `docker compose` nor `docker-compose` runs here; left out");
}

if (helm) {
  const names = Object.keys(clients.servers);
  const peer = await HelmPeer.open(helm.program, helm.place, { stack: values.stack, names });
  try {
    await peer.start();
    for (let round = 1; round <= rounds; round += 1) {
      for (const releaseCase of helmCases) {
        const own = (results[`helm: ${releaseCase.name}`] ??= []);
        own.push(await peer.round(releaseCase, round, rate));
        console.error(`round ${round}, helm: ${releaseCase.name}: ${JSON.stringify(own.at(-1))}`);
      }
    }
  } finally {
    await peer.stop();
  }
}

const middle = (own: readonly Round[], of: (round: Round) => number | undefined): string => {
  const known = own.map(of).filter((value) => value !== undefined);
  return known.length === 0 ? "" : median(known).toFixed(1);
};
const total = (own: readonly { sent: number; lost: number }[]): string =>
  `${own.reduce((sum, { lost }) => sum + lost, 0)} of ${own.reduce((sum, { sent }) => sum + sent, 0)}`;
const ofHelm = (own: readonly (Round | HelmRound)[]): object => {
  const known = own.filter((round) => "runs" in round);
  if (known.length === 0) return {};
  return {
    recreated: Math.max(...known.map(({ recreated }) => recreated)),
    runs: [...new Set(known.map(({ runs }) => runs))].join(", "),
  };
};
console.table(
  Object.fromEntries(
    Object.entries(results).map(([name, all]) => {
      const own = all.filter(({ wrong }) => !wrong);
      const row = {
        rounds: own.length,
        wrong: all.length - own.length,
        detect: middle(own, ({ detect }) => detect),
        back: middle(own, ({ back }) => back),
        rollback: middle(own, ({ rollback }) => rollback),
        overhead: middle(own, ({ overhead }) => overhead),
        total: middle(own, (round) => round.total),
        lost: total(own),
        disturbed: own.length === 0 ? "" : Math.max(...own.map((round) => round.disturbed)),
        ...ofHelm(own),
      };
      return [name, row];
    }),
  ),
);
if (compose.length > 0) {
  console.table({
    compose: {
      rounds: compose.length,
      exit: [...new Set(compose.map(({ exit }) => exit))].join(", "),
      seconds: median(compose.map(({ seconds }) => seconds)).toFixed(1),
      "servers left on the bad release": median(compose.map(({ onBadRelease }) => onBadRelease)),
      lost: total(compose),
    },
  });
}
console.log(JSON.stringify({ results, compose, ...(helm && { helm: helm.program.version }) }));
