import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { nameOf } from "../support/e2e-fleet.ts";
import { objectsOf } from "../support/engine.ts";
import { bookTitle, type LiveFleet } from "../support/live-fleet.ts";
import { callOnce, readClientConfig } from "../support/mcp-conversation.ts";

/** What is left after the fleet is gone. */
export function leavingClaims(live: LiveFleet): void {
  it("destroy keeps the data and says how to remove it; the next up finds it again", async () => {
    const destroyed = await live.fleet.must("destroy");
    live.report("destroy", `${destroyed.seconds.toFixed(1)} s`);
    const { containers, networks, volumes } = await objectsOf(live.fleet.stack);
    expect({ containers, networks }).toEqual({ containers: [], networks: [] });
    const prefix = `mcp-fleet-${live.fleet.stack}`;
    expect(volumes).toEqual(expect.arrayContaining([`${prefix}-postgres-17`]));
    expect(volumes.filter((name) => !/-(postgres-17|data)$/.test(name))).toEqual([]);
    expect(destroyed.stdout).toContain(volumes.join(", "));
    expect(destroyed.stdout).toContain(`./fleet destroy --stack ${live.fleet.stack} --delete-data`);

    const { answer } = await live.up("from stopped, images built");
    const again = readClientConfig(JSON.stringify(answer.clientConfig), {
      MCP_FLEET_TOKEN: (await live.currentTokens()).primary,
    });
    const { books } = await callOnce("2026", again["book-planning"]!, "list_books");
    expect(books).toMatchObject([{ title: bookTitle }]);
  });

  it("destroy --delete-data leaves nothing at all", async () => {
    const resources = await live.fleet.state({ showSecrets: false });
    expect(resources.map(({ urn }) => nameOf(urn))).toContain(
      `mcp-fleet-${live.fleet.stack}-gateway`,
    );
    await live.fleet.must("destroy", "--delete-data");
    expect(await objectsOf(live.fleet.stack)).toEqual({
      containers: [],
      networks: [],
      volumes: [],
    });
    const status = await live.fleet.run("status");
    expect([status.code, status.stderr]).toEqual([
      1,
      expect.stringContaining(`stack ${live.fleet.stack} does not exist`) as unknown,
    ]);
    const left = readdirSync(join(live.fleet.home, "config", "mcp-fleet", "stacks"));
    expect(left).toEqual([]);
  });
}
