import * as pulumi from "@pulumi/pulumi";
import { expect, it } from "vitest";
import { serverMetricsPort } from "../../../components/servers/mcp-server.schema.ts";
import {
  isAllowed,
  type Party,
  type Policy,
} from "../../components/platform/kubernetes/policy-evaluator.ts";
import { servers, spec, type DeployedFleet } from "./deployed-fleet.ts";

const valueOf = <Value>(output: pulumi.Input<Value>): Promise<pulumi.Unwrap<Value>> =>
  new Promise((resolve) => pulumi.output(output).apply(resolve));

/** Who may call whom, and which copies the gateway and the gates know. */
export function connectionsClaims(deployed: DeployedFleet): void {
  it("lets exactly the declared connections through", () => {
    const policies = deployed.ofKind("NetworkPolicy").map(({ inputs }) => inputs["spec"] as Policy);
    const parties = new Map<string, Party>([
      ["outside", "outside"],
      ["api-service", { address: "10.96.0.1" }],
      ["api-server", { address: "192.0.2.8" }],
      ["beside-it", { address: "192.0.2.9" }],
      ...deployed
        .templates()
        .map(({ name, template }): [string, Party] => [name, template.metadata.labels]),
    ]);
    const strangers = new Set(["outside", "api-service", "api-server", "beside-it"]);
    const ports = new Map(spec.servers.map(({ name, port }) => [name, port]));
    const exporters = ["postgres-exporter 9187", "pgbouncer-exporter 9127"];
    const expected = [
      "outside gateway 8080",
      ...[...ports.values()].map((port) => `outside gateway ${port}`),
      // Receivers of alerts.
      ...[8080, 9090].map((port) => `alertmanager outside ${port}`),
      ...servers.flatMap((name) => [
        `gateway ${name} ${ports.get(name)}`,
        `prometheus ${name} ${serverMetricsPort}`,
        `${name} pgbouncer 6432`,
      ]),
      ...["pgbouncer postgres 5432", "migrations postgres 5432", "postgres-exporter postgres 5432"],
      "pgbouncer-exporter pgbouncer 6432",
      ...exporters.map((exporter) => `prometheus ${exporter}`),
      ...["prometheus api-service 443", "prometheus api-server 6443"],
      ...["prometheus gateway 8405", "prometheus alertmanager 9093", "prometheus prometheus 9090"],
    ];
    const tried = [
      ...[443, 6443, 5432, 6432, 8080, 8405, 9090, 9093, 9127, 9187, serverMetricsPort],
      ...ports.values(),
    ];
    const found: string[] = [];
    for (const [from, one] of parties) {
      for (const [to, other] of parties) {
        if (strangers.has(from) && strangers.has(to)) continue;
        for (const port of tried) {
          if (isAllowed(policies, one, other, port)) found.push(`${from} ${to} ${port}`);
        }
      }
    }
    const outward = found.filter((edge) => edge.startsWith("alertmanager "));
    // Alertmanager may call the world: of the fleet that is the gateway, which is open to the world.
    expect(new Set(outward.map((edge) => edge.split(" ")[1]))).toEqual(
      new Set([...strangers, "gateway"]),
    );
    // Whoever comes from an address is one of the outside.
    const others = (edges: readonly string[]) =>
      edges.filter((edge) => !/^(alertmanager|api-\w+|beside-it) /.test(edge)).sort();
    expect(others(found)).toEqual(others(expected));
  });

  it("balances over every copy that there may be", async () => {
    const files = deployed.created.find(({ name }) => name === "gateway-files-live")!;
    const { "haproxy.cfg": config } = JSON.parse(
      (files.inputs["files"] as { value?: string }).value ?? (files.inputs["files"] as string),
    ) as Record<string, string>;
    const lines = config!.split("\n").filter((line) => /^ {2}server scene-/.test(line));
    expect(lines.map((line) => line.endsWith("init-addr last,none"))).toEqual([
      ...[false, false],
      // Those that may be are not waited for.
      ...[true, true],
    ]);
    expect(lines[3]).toMatch(
      /scene-[0-9a-f]{7}-3\.scene-[0-9a-f]{7}\.mcp-fleet-prod\.svc\.cluster\.local:3005/,
    );
    expect(deployed.fleet.gateway.url).toBe("https://mcp.example.com");
    await Promise.resolve();
  });

  it("has its gates told copies that are from copies that may be", async () => {
    for (const parts of deployed.guarded) {
      const [endpoints, elastic] = await Promise.all(
        [parts["scene"]!.endpoints!, parts["scene"]!.elastic!].map(valueOf),
      );
      const pod = (copy: number) =>
        expect.stringMatching(
          new RegExp(`^(scene-[0-9a-f]{7})-${copy}[.]\\1[.]mcp-fleet-prod[.]svc`),
        ) as string;
      expect(endpoints).toEqual([pod(0), pod(1)]);
      expect(elastic).toEqual([pod(2), pod(3)]);
      expect(parts["postgres"]).not.toHaveProperty("elastic");
    }
    expect(deployed.guarded).toHaveLength(2);
  });
}
